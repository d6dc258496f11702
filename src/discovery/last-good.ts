import { type Endpoint, sameEndpoint } from '../core/endpoint.ts';
import { type Cancel, type Live, LiveValue } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';

const UNKNOWN: Resolution = { is: 'unknown' };

/**
 * Keeps the last good list of a service. What stays the same stays the same object, the order is that of the ids, and a
 * failure never takes anything off the list: it only marks it as stale.
 */
export class LastGood implements Live<Resolution> {
  readonly #live = new LiveValue<Resolution>({ is: 'pending' });
  #problem: string | undefined;
  #closed = false;

  get value(): Resolution {
    return this.#live.value;
  }

  watch(watcher: (value: Resolution) => void): Cancel {
    return this.#live.watch(watcher);
  }

  /** The registry has told who is there: all of them. */
  list(endpoints: readonly Endpoint[]): void {
    if (this.#closed) return;
    const before = this.#endpoints;
    const now = [...endpoints].sort(byId);
    let at = 0;
    for (let place = 0; place < now.length; place++) {
      const endpoint = now[place]!;
      while (at < before.length && before[at]!.id < endpoint.id) at++; // both are in the order of ids
      if (before[at]?.id === endpoint.id) now[place] = kept(before[at], endpoint);
    }
    const same = this.value.is === 'bound' && sameList(before, now);
    if (!same) this.#live.set({ is: 'bound', endpoints: Object.freeze(now) });
    this.#problem = undefined;
  }

  /** The registry has told that it has never heard of the service. */
  absent(): void {
    if (this.#closed) return;
    if (this.value.is !== 'unknown') this.#live.set(UNKNOWN);
    this.#problem = undefined;
  }

  /** The registry could not be asked, but somebody remembers what it told them: better than nothing. */
  recall(endpoints: readonly Endpoint[], error: unknown): void {
    if (this.#closed || this.value.is !== 'pending') return;
    this.#live.set({ is: 'stale', endpoints: Object.freeze([...endpoints].sort(byId)), error });
    this.fail(error);
  }

  /** The registry could not be asked. What was known stands. */
  fail(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#closed || problem === this.#problem) return;
    this.#problem = problem;
    const { value } = this;
    if (value.is === 'bound' || value.is === 'stale') {
      this.#live.set({ is: 'stale', endpoints: value.endpoints, error });
    } else if (value.is === 'pending') {
      this.#live.set({ is: 'pending', error });
    }
  }

  /** Nobody is interested any more: what is told from now on is not passed on. */
  close(): void {
    this.#closed = true;
  }

  get #endpoints(): readonly Endpoint[] {
    return this.value.is === 'bound' || this.value.is === 'stale' ? this.value.endpoints : [];
  }
}

const kept = (before: Endpoint | undefined, now: Endpoint): Endpoint =>
  before !== undefined && sameEndpoint(before, now) ? before : now;

const byId = (a: Endpoint, b: Endpoint): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const sameList = (a: readonly Endpoint[], b: readonly Endpoint[]): boolean =>
  a.length === b.length && a.every((endpoint, at) => endpoint === b[at]);
