import type { MeshEvent, Outlet } from '../core/events.ts';
import { sayEvent } from './log-sentences.ts';

type Write = (facts: object, message: string) => void;

/** A logger as pino has it: facts first, then a sentence. */
export interface Logger {
  /** What is ordinary: retries, hedges and the like. */
  debug: Write;
  /** What is better again, or is done. */
  info: Write;
  /** What somebody may have to look at. */
  warn: Write;
  /** What went wrong: a handler that threw, a policy that was refused. */
  error: Write;
}

/** Says nothing. */
export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

type Level = keyof Logger;

/** How grave each event is; those not named are for who debugs. */
const levels: { readonly [T in MeshEvent['type']]?: Level | ((event: Extract<MeshEvent, { type: T }>) => Level) } = {
  ejected: 'warn',
  returned: 'info',
  circuit: ({ state }) => (state === 'open' ? 'warn' : 'info'),
  panic: ({ on }) => (on ? 'warn' : 'info'),
  spill: 'info',
  subset: ({ on }) => (on ? 'warn' : 'info'),
  registry: ({ stale }) => (stale ? 'warn' : 'info'),
  dependency: ({ connected }) => (connected ? 'info' : 'warn'),
  listing: ({ state }) => (state === 'lost' || state === 'conflict' ? 'warn' : 'info'),
  session: ({ problem }) => (problem === '' ? 'info' : 'warn'),
  record: 'warn',
  'quota-store': ({ away }) => (away ? 'warn' : 'info'),
  credentials: ({ problem }) => (problem === '' ? 'info' : 'warn'),
  fault: 'error',
  policy: ({ accepted }) => (accepted ? 'info' : 'error'),
  'access-log': 'warn',
  leaving: ({ problem }) => (problem === '' ? 'info' : 'warn'),
};

/** Tells a logger what happens in a mesh, apart from each call and attempt: for those there is the access log. */
export const loggedEvents = (logger: Logger): Outlet => ({
  hears: (type) => type !== 'call' && type !== 'attempt',
  tell: (event) => {
    const level = levels[event.type] as Level | ((event: MeshEvent) => Level) | undefined;
    const name = typeof level === 'function' ? level(event) : (level ?? 'debug');
    return logger[name](event, sayEvent(event)); // a promise, where it is `async`
  },
});
