import { MeshError, type Reason, reasons } from '../core/errors.ts';
import { quiet } from '../core/quiet.ts';
import type { TappedCall } from '../core/tapped.ts';
import { parseDuration } from '../policy/duration.ts';
import { StatusSet } from '../policy/status-set.ts';

/** What must be true of a call, all of it. */
export interface TapMatch {
  /** How it came out. */
  readonly outcome?: TappedCall['outcome'] | undefined;
  /** The HTTP method. */
  readonly method?: string | undefined;
  /** The route, as the policy names it. */
  readonly route?: string | undefined;
  /** A status, or a class of them: `503`, `'5xx'`. */
  readonly status?: number | string | undefined;
  /** Which mechanism ended it: `'quota'`, `'deadline'`. */
  readonly reason?: Reason | undefined;
  /** An endpoint, as `host:port`, that one of its attempts went to. */
  readonly endpoint?: string | undefined;
  /** It took longer than this: `'250ms'`. */
  readonly slowerThan?: string | undefined;
  /** It took at least so many attempts. */
  readonly attempts?: number | undefined;
}

/** Whether a call is one of those. */
export type Matches = (call: TappedCall) => boolean;

/** What each word of a match comes to. @throws MeshError INVALID_ARGUMENT for what it can not be. */
const WORDS: Readonly<Record<keyof TapMatch, (value: never) => Matches>> = {
  outcome: oneOf('outcome', ['success', 'failure', 'none'], ({ outcome }) => outcome),
  reason: oneOf('reason', Object.keys(reasons), ({ reason }) => reason),
  method: text('method', (call, value) => call.method === value),
  route: text('route', (call, value) => call.route === value),
  endpoint: text('endpoint', ({ attempts }, value) => attempts.some(({ endpoint }) => endpoint === value)),
  status: (value: number | string) => {
    if (!/^(?:[1-5]xx|[1-5]\d\d)$/.test(String(value)))
      throw bad("status must be a status such as 503 or '5xx'", value);
    const statuses = new StatusSet([Number.isNaN(Number(value)) ? value : Number(value)]);
    return ({ status }) => statuses.has(status);
  },
  slowerThan: (value: string) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms === undefined) throw bad("slowerThan must be a duration such as '250ms'", value);
    return (call) => call.ms > ms;
  },
  attempts: (value: number) => {
    if (!Number.isInteger(value) || value < 0) throw bad('attempts must be a whole number', value);
    return ({ attempts }) => attempts.length >= value;
  },
};

/** Reads what says which calls are wanted. @throws MeshError INVALID_ARGUMENT that says what is wrong, and what there is. */
export function matcher(match: unknown): Matches {
  if (match === undefined) return () => true;
  if (typeof match === 'function') return (call) => atOnce((match as Matches)(call));
  if (typeof match !== 'object' || match === null) throw bad('match must be an object or a function', match);
  const all = Object.entries(match)
    .filter(([, value]) => value !== undefined)
    .map(([word, value]) => {
      if (!Object.hasOwn(WORDS, word)) {
        throw new MeshError('request', `tap.match: no such word '${word}'; there are ${Object.keys(WORDS).join(', ')}`);
      }
      return WORDS[word as keyof TapMatch](value as never);
    });
  return (call) => all.every((matches) => matches(call));
}

/** @throws MeshError INVALID_ARGUMENT where a function of the user's is `async`: a promise would mean yes to all calls. */
function atOnce(said: unknown): boolean {
  quiet(said);
  if (said instanceof Promise) {
    throw new MeshError('request', 'tap.match: the function must say at once whether it wants a call, got a promise');
  }
  return Boolean(said);
}

function oneOf(word: string, known: readonly string[], read: (call: TappedCall) => string | null) {
  return (value: string): Matches => {
    if (!known.includes(value)) throw bad(`${word} must be one of ${known.join(', ')}`, value);
    return (call) => read(call) === value;
  };
}

function text(word: string, matches: (call: TappedCall, value: string) => boolean) {
  return (value: string): Matches => {
    if (typeof value !== 'string') throw bad(`${word} must be a text`, value);
    return (call) => matches(call, value);
  };
}

const bad = (what: string, value: unknown): MeshError =>
  new MeshError('request', `tap.match: ${what}, got ${typeof value === 'string' ? `'${value}'` : String(value)}`);
