import modules from 'node:module'; // whole: who bundles puts a `createRequire` of that name in front of the file
import type { buildConnector, Client, Dispatcher, Pool } from 'undici';

/** What one attempt hears from undici. */
export type Handler = Dispatcher.DispatchHandler;
/** Pauses, resumes and aborts one request. */
export type Controller = Dispatcher.DispatchController;
export type { buildConnector, Client, Pool };

/** The parts of undici that we use. */
export interface Undici {
  readonly Pool: typeof Pool;
  readonly Client: typeof Client;
  readonly buildConnector: typeof buildConnector;
}

const GLOBALS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name));
const MOVED = new Set(['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED']);

let loaded: Undici | undefined;

/**
 * undici, loaded on first use. Only its pool: the front door also brings its fetch, costs twice the time and memory, and
 * puts its own dispatcher under the `fetch` of Node, which is not ours to change.
 */
export function undici(): Undici {
  loaded ??= load(modules.createRequire(import.meta.url));
  return loaded;
}

/**
 * Loads it in words that bundlers follow, so that it is in what they make. Where that fails, `undici` finds another way or
 * says why there is none: a door has moved, or a bundler writes ES modules in which undici can not `require`.
 */
export async function loadUndici(): Promise<void> {
  if (loaded !== undefined) return;
  try {
    const [pool, client, connect] = await Promise.all([
      import('undici/lib/dispatcher/pool.js'),
      import('undici/lib/dispatcher/client.js'),
      import('undici/lib/core/connect.js'),
    ]);
    loaded ??= { Pool: pool.default, Client: client.default, buildConnector: connect.default };
  } catch {}
}

/** Loads undici by the inner doors, or by the front door where those have moved. Either way globals stay as they were. */
export function load(require: (id: string) => unknown): Undici {
  try {
    return {
      Pool: require('undici/lib/dispatcher/pool.js') as typeof Pool,
      Client: require('undici/lib/dispatcher/client.js') as typeof Client,
      buildConnector: require('undici/lib/core/connect.js') as typeof buildConnector,
    };
  } catch (error) {
    if (!MOVED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return keepingGlobals(() => require('undici') as Undici);
  }
}

/**
 * The dispatcher that Node's own `fetch` reads can be replaced but not removed, so it gets its old value back; where it
 * had none, Node makes its own on first use. Nothing else runs meanwhile, so nobody's choice is undone.
 */
function keepingGlobals<T>(work: () => T): T {
  const own = Number.parseInt(process.versions.undici ?? '0', 10);
  if (own >= 8) Reflect.get(globalThis, 'Headers'); // Node 26 shares one global with us: let its own undici come first
  const before = GLOBALS.map((name) => Reflect.get(globalThis, name));
  const result = work();
  // Only what Node reads: an application that uses undici 8 itself needs the other one.
  if (own < 8) Reflect.set(globalThis, GLOBALS[0]!, before[0]);
  return result;
}
