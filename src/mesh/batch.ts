import type { Caller, CallOptions, Send } from '../core/call.ts';
import { type Clock, systemClock, type Timer } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Cancel } from '../core/live.ts';
import { race } from '../core/race.ts';
import { follow, Scope } from '../core/scope.ts';
import { refuse } from '../core/service.ts';
import { parseDuration } from '../policy/duration.ts';
import { show } from '../policy/read.ts';
import { makeApart } from './apart.ts';

/** How keys are gathered. */
export interface BatchOptions {
  /** How long the first key waits for others, `'10ms'` unless told. From 0 to 10 s. */
  readonly window?: string | undefined;
  /** As many keys go at once, 100 unless told; then nobody waits. */
  readonly max?: number | undefined;
  /** The clock, for tests. */
  readonly clock?: Clock | undefined;
}

/** What the work of a batch gets beside the keys. */
export interface BatchCall {
  /** Calls the service of the batch, as `mesh.call` does, within the time there is. */
  call<Res>(send: Send<Res>, options?: CallOptions): Promise<Res>;
  /** To be said to `mesh.request` or another client: when it aborts, nobody waits any more; and the time there is. */
  readonly options: { readonly signal: AbortSignal; readonly timeout: string | undefined };
}

/** Asks for many keys at once. A value that is an Error fails its key alone; a key that is left out comes to undefined. */
export type BatchWork<Key, Value> = (
  keys: readonly Key[],
  batch: BatchCall,
) => Promise<ReadonlyMap<Key, Value | Error>> | ReadonlyMap<Key, Value | Error>;

/** What may be said of one key. */
export interface KeyOptions {
  /** Gives up this key. */
  readonly signal?: AbortSignal | undefined;
  /** How long it may take, as `'800ms'`. The batch has as long as the most hurried of its keys. */
  readonly timeout?: string | undefined;
}

/** What of a mesh a batch needs. */
export interface BatchMesh extends Caller {
  /** Has `task` done when the mesh is closed; see `Mesh`. */
  onClose(task: () => Promise<unknown>): Cancel;
  /** @internal Tells of a batch that is over. */
  batched?(service: string, facts: BatchFacts): void;
}

/** What is told of a batch. */
export type BatchFacts = Omit<Extract<MeshEvent, { type: 'batch' }>, 'at' | 'service' | 'type'>;

/**
 * Makes one call of many: keys that are asked for within a moment go together. After Hystrix's collapser. A mesh that
 * closes sends what waits at once, and waits for it. Gives a function that asks for one key.
 * @param mesh The mesh that calls.
 * @param service The service that is called.
 * @param options How long a key waits for others (10 ms unless told), and how many go at once (100).
 * @param work Asks for many keys in one call.
 * @throws MeshError INVALID_ARGUMENT when an option is not usable.
 */
export function batch<Key, Value>(
  mesh: BatchMesh,
  service: string,
  { window = '10ms', max = 100, clock = systemClock }: BatchOptions,
  work: BatchWork<Key, Value>,
): (key: Key, options?: KeyOptions) => Promise<Value | undefined> {
  const windowMs = readMs(window, 'window');
  if (windowMs > 10_000) throw bad(`window must be '10s' at most, got '${window}'`);
  if (!Number.isInteger(max) || max < 1) throw bad(`max must be a whole number of at least 1, got ${max}`);
  if (typeof work !== 'function') throw bad(`the work must be a function, got ${typeof work}`);
  let open: Gathering<Key, Value> | undefined;
  return (key, options = {}) => {
    const withinMs = readKey(options);
    if (typeof withinMs !== 'number') return refuse(withinMs);
    const { signal } = options;
    if (signal?.aborted) return refuse(gaveUp(service, signal));
    const due = clock.now() + withinMs;
    if (open === undefined || open.isSent) open = new Gathering({ mesh, service, clock, work }, windowMs);
    const value = open.add(key, due, signal);
    if (open.size >= max) open.send();
    return value;
  };
}

interface Parts<Key, Value> {
  readonly mesh: BatchMesh;
  readonly service: string;
  readonly clock: Clock;
  readonly work: BatchWork<Key, Value>;
}

interface Waiter<Value> {
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (error: unknown) => void;
  readonly unfollow: Cancel | undefined;
}

/** Keys that go together, and who waits for each. */
class Gathering<Key, Value> {
  readonly #parts: Parts<Key, Value>;
  readonly #waiting = new Map<Key, Set<Waiter<Value>>>();
  readonly #scope = new Scope();
  readonly #sendAt: number;
  readonly #begunAt: number;
  readonly #uncalled: Cancel;
  readonly #asFirst = makeApart(); // what has it go at last may be somebody else's request, or who closes the mesh
  #timer: Timer;
  #callers = 0;
  #sent: Promise<void> | undefined;

  constructor(parts: Parts<Key, Value>, windowMs: number) {
    this.#parts = parts;
    this.#begunAt = parts.clock.now();
    const uncalled = closing(parts.mesh, () => this.send());
    const waitMs = uncalled === undefined ? 0 : windowMs;
    this.#uncalled = uncalled ?? (() => {});
    this.#sendAt = this.#begunAt + waitMs;
    this.#timer = parts.clock.schedule(waitMs, () => this.send());
  }

  get size(): number {
    return this.#waiting.size;
  }

  get isSent(): boolean {
    return this.#sent !== undefined;
  }

  add(key: Key, due: number, signal: AbortSignal | undefined): Promise<Value | undefined> {
    if (due < this.#scope.due) this.#hurry(due);
    this.#callers++;
    return new Promise((resolve, reject) => {
      const of = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, of);
      const own = new Scope();
      const waiter = { resolve, reject, unfollow: signal && follow(signal, own) };
      own.onCancel(() => {
        of.delete(waiter);
        if (of.size === 0) this.#waiting.delete(key);
        reject(gaveUp(this.#parts.service, signal!));
        if (this.#waiting.size === 0) this.#scope.cancel(gaveUp(this.#parts.service, signal!));
        if (this.#waiting.size === 0 && !this.isSent) void this.send(); // of nothing, so that nothing is left behind
      });
      of.add(waiter);
    });
  }

  /** Sends what there is. Settles when it is over; never rejects. */
  send(): Promise<void> {
    if (this.#sent !== undefined) return this.#sent;
    this.#timer.cancel();
    this.#uncalled();
    this.#sent = this.#waiting.size === 0 ? Promise.resolve() : this.#asFirst(() => this.#ask());
    return this.#sent;
  }

  /** Somebody has less time than the others: half of it at most is for waiting. */
  #hurry(due: number): void {
    const { clock } = this.#parts;
    this.#scope.due = due;
    const left = (due - clock.now()) / 2;
    if (clock.now() + left >= this.#sendAt) return;
    this.#timer.cancel();
    this.#timer = clock.schedule(left, () => this.send());
  }

  async #ask(): Promise<void> {
    const { mesh, service, clock, work } = this.#parts;
    const scope = this.#scope;
    const sentAt = clock.now();
    const keys = [...this.#waiting.keys()];
    const over = (outcome: BatchFacts['outcome'], failed = 0): void => {
      const ms = clock.now() - sentAt;
      const facts = {
        keys: keys.length,
        callers: this.#callers,
        failed,
        waitedMs: sentAt - this.#begunAt,
        ms,
        outcome,
      };
      mesh.batched?.(service, facts);
    };
    const left = Math.max(1, Math.ceil(scope.due - clock.now()));
    const timeout = left === Number.POSITIVE_INFINITY ? undefined : `${left}ms`;
    if (timeout !== undefined) scope.keep(clock.schedule(left, () => scope.cancel(tooLate(service))));
    const options = { signal: scope.signal, timeout };
    const call: BatchCall['call'] = (send, more) => mesh.call(service, send, { ...more, ...options });
    try {
      const asked = (async () => work(keys, { call, options }))();
      const values = await race(asked, scope);
      if (!(values instanceof Map)) throw new TypeError(`the work of a batch must give a Map, got ${typeof values}`);
      this.#end((waiter, key) => {
        const value = values.get(key);
        if (value instanceof Error) waiter.reject(value);
        else waiter.resolve(value);
      });
      over('success', keys.filter((key) => values.get(key) instanceof Error).length);
    } catch (error) {
      over(this.#waiting.size === 0 ? 'none' : 'failure');
      this.#end((waiter) => waiter.reject(error));
    } finally {
      scope.end();
    }
  }

  #end(settle: (waiter: Waiter<Value>, key: Key) => void): void {
    for (const [key, waiters] of this.#waiting) {
      for (const waiter of waiters) {
        waiter.unfollow?.();
        settle(waiter, key);
      }
    }
  }
}

/** Has `task` done when the mesh closes. Nothing where it does so already: it may still be called, but waits no more. */
function closing(mesh: BatchMesh, task: () => Promise<unknown>): Cancel | undefined {
  try {
    return mesh.onClose(task);
  } catch {
    return undefined;
  }
}

/** Within how many milliseconds a key is wanted, or why that can not be known: told by rejecting, as all else of it is. */
function readKey(options: KeyOptions): number | MeshError {
  if (typeof options !== 'object' || options === null)
    return bad(`what is said of a key must be an object, got ${show(options)}`);
  const { signal, timeout } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) return bad('signal must be an AbortSignal');
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  return parse(timeout) ?? badDuration(timeout, 'timeout');
}

function readMs(text: string, name: string): number {
  const ms = parse(text);
  if (ms === undefined) throw badDuration(text, name);
  return ms;
}

const parse = (text: unknown): number | undefined => (typeof text === 'string' ? parseDuration(text) : undefined);
const badDuration = (got: unknown, name: string): MeshError =>
  bad(`${name} must be a duration such as '10ms', got ${show(got)}`);

const bad = (message: string): MeshError => new MeshError('request', `batch: ${message}`);
const tooLate = (service: string): MeshError => new MeshError('deadline', `${service}: the time is up`, { service });
const gaveUp = (service: string, { reason: cause }: AbortSignal): MeshError =>
  new MeshError('caller', `${service}: called off by the caller`, { service, cause });
