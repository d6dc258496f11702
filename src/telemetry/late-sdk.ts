import { quiet } from '../core/quiet.ts';
import type { Logger } from './logger.ts';
import type { Watches } from './watch.ts';
import type { Watcher } from './watcher.ts';

const EVERY = 64; // calls and requests; a power of two

/** What an SDK of OpenTelemetry may record. */
export type Signal = 'trace' | 'metrics';

const API = Symbol.for('opentelemetry.js.api.1');
let registered: Readonly<Partial<Record<Signal, unknown>>> | undefined;

/** Whether somebody in this process has started an SDK that records these. Its API says so in a global of its own. */
export function hasSdk(signal: Signal): boolean {
  registered ??= (globalThis as unknown as Record<symbol, typeof registered>)[API]; // there it stays, once it is there
  return registered?.[signal] !== undefined;
}

/**
 * Looks now and then whether an SDK has been started that was not there when the mesh was made, and has it recorded from
 * then on: with the first call after it, and with each sixty-fourth. Without that a mesh that is made too early would send
 * its own `traceparent` beside that of OpenTelemetry's instrumentations.
 */
export function watchForSdk(
  watches: Watches,
  wanted: ReadonlyMap<Signal, () => Promise<Watcher>>,
  logger: Logger,
): void {
  const missing = new Map(wanted);
  const look = (): void => {
    for (const [signal, load] of missing) {
      if (!hasSdk(signal)) continue;
      missing.delete(signal);
      load().then(
        (watcher) => watches.join(watcher),
        (error) =>
          quiet(logger.warn({ error }, `an SDK of OpenTelemetry is there, and can not be used: ${error.message}`)),
      );
    }
    if (missing.size === 0) leave();
  };
  const leave = watches.join(new Look(look));
}

/** Takes no part in any call; it is only asked whether it wants to. */
class Look implements Watcher {
  readonly #look: () => void;
  #asked = -1; // the first to ask is answered by a look

  constructor(look: () => void) {
    this.#look = look;
  }

  get on(): boolean {
    if ((++this.#asked & (EVERY - 1)) === 0) this.#look();
    return false;
  }

  get onRequests(): boolean {
    return this.on;
  }

  watch(): undefined {
    return undefined;
  }
}
