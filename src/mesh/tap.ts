import { MeshError } from '../core/errors.ts';
import type { TappedCall } from '../core/tapped.ts';
import { checkServiceName } from '../discovery/names.ts';
import { show } from '../policy/read.ts';
import { type Matches, matcher, type TapMatch } from './tap-match.ts';

/** Which calls are tapped, and how much of them is kept until somebody takes it. */
export interface TapOptions {
  /** Calls to this service; to all of them unless told. */
  readonly service?: string | undefined;
  /** Which of those: by what must be true of a call, or a function that says so of each. All unless told. */
  readonly match?: TapMatch | ((call: TappedCall) => boolean) | undefined;
  /** How many are kept for who takes them; 100 unless told, 10,000 at most. The oldest give way, and are counted. */
  readonly buffer?: number | undefined;
  /** Headers whose values are shown besides those that never hold a secret. Credentials never are. */
  readonly headers?: readonly string[] | undefined;
}

const BUFFER = 100;
const MOST = 10_000;

/**
 * Whose values are shown: a list of those that may be, since of a header that nobody thought of it is not known what it
 * holds. `traceparent` and the ids lead from here to traces and logs.
 */
const SHOWN: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'grpc-timeout',
  'if-none-match',
  'traceparent',
  'user-agent',
  'x-envoy-expected-rq-timeout-ms',
  'x-inmesh-mirror',
  'x-request-id',
]);

/** Whose values are shown to nobody, whatever is asked for. */
const SECRET =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|.*signature.*|(?:.*-)?(?:api-?key|token|secret|password))$/;

/** Checks what a tap is asked for, and reads it. @throws MeshError INVALID_ARGUMENT that says what is wrong. */
export function readTap(options: unknown): Reading {
  if (typeof options !== 'object' || options === null)
    throw bad(`the options of a tap must be an object, got ${show(options)}`);
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key)) throw bad(`a tap has no option '${key}'; there are ${KEYS.join(', ')}`);
  }
  const { service, match, buffer = BUFFER, headers = [] } = options as TapOptions;
  if (service !== undefined) checkServiceName(service);
  if (!Number.isInteger(buffer) || buffer < 1 || buffer > MOST) {
    throw bad(`tap.buffer must be a whole number from 1 to ${MOST}, got ${show(buffer)}`);
  }
  if (!Array.isArray(headers) || headers.some((name) => typeof name !== 'string')) {
    throw bad('tap.headers must be a list of names');
  }
  const named = headers.map((name) => name.toLowerCase());
  const secret = named.find((name) => SECRET.test(name));
  if (secret !== undefined) throw bad(`tap.headers: '${secret}' is a credential, which is shown to nobody`);
  const shown = new Set([...SHOWN, ...named]);
  return { service, matches: matcher(match), buffer, shows: (name) => shown.has(name) };
}

const KEYS: readonly string[] = ['service', 'match', 'buffer', 'headers'] satisfies (keyof TapOptions)[];

const bad = (message: string): MeshError => new MeshError('request', message);

/** What a tap is asked for. */
export interface Reading {
  readonly service: string | undefined;
  readonly matches: Matches;
  readonly buffer: number;
  readonly shows: (header: string) => boolean;
}

type Result = IteratorResult<TappedCall, undefined>;

interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What becomes of calls, as they end. Whoever does not take them in time loses the oldest, and is told how many. Ends by
 * `break`, `return()`, when the mesh is closed, or when the function that matches throws: then the iteration throws that.
 */
export class Tap implements AsyncIterableIterator<TappedCall, undefined>, AsyncDisposable {
  readonly #matches: Matches;
  readonly #kept: TappedCall[] = []; // a ring: the oldest stands at `#from`
  readonly #buffer: number;
  #from = 0;
  #size = 0;
  #lost = 0;
  #waiting: Waiter[] = [];
  #ended = false;
  #error: { readonly error: unknown } | undefined;
  readonly #over: () => void;

  /** `over` hears when it has ended. */
  constructor({ matches, buffer }: Pick<Reading, 'matches' | 'buffer'>, over: () => void) {
    this.#matches = matches;
    this.#buffer = buffer;
    this.#over = over;
  }

  /** A call is over. */
  tell(call: TappedCall): void {
    if (this.#ended) return;
    try {
      if (!this.#matches(call)) return;
    } catch (error) {
      this.#error = { error };
      this.end();
      return;
    }
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) waiter.resolve({ done: false, value: call });
    else this.#keep(call);
  }

  /** Nothing more comes; what is kept can still be taken. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over();
    for (const waiter of this.#waiting.splice(0)) this.#settle(waiter);
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      const kept = this.#take();
      if (kept !== undefined) resolve({ done: false, value: kept });
      else if (this.#ended) this.#settle({ resolve, reject });
      else this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<Result> {
    this.#size = 0;
    this.#kept.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** What comes after the last: the fault that ended it, once, or nothing. */
  #settle({ resolve, reject }: Waiter): void {
    const fault = this.#error;
    this.#error = undefined;
    if (fault === undefined) resolve({ done: true, value: undefined });
    else reject(fault.error);
  }

  #keep(call: TappedCall): void {
    if (this.#size === this.#buffer) {
      this.#from = (this.#from + 1) % this.#buffer;
      this.#size--;
      this.#lost++;
    }
    this.#kept[(this.#from + this.#size++) % this.#buffer] = call;
  }

  #take(): TappedCall | undefined {
    if (this.#size === 0) return undefined;
    const call = this.#kept[this.#from]!;
    delete this.#kept[this.#from]; // taken, it is kept no longer
    this.#from = (this.#from + 1) % this.#buffer;
    this.#size--;
    const lost = this.#lost;
    this.#lost = 0;
    return lost === 0 ? call : { ...call, lost };
  }
}
