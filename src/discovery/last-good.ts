import { type Endpoint, sameEndpoint } from '../core/endpoint.ts';
import { type Cancel, type Live, LiveValue } from '../core/live.ts';
import { messageOf } from '../core/message-of.ts';
import type { Resolution } from '../core/resolution.ts';
import { sameEnds } from '../core/same-ends.ts';

const UNKNOWN: Resolution = { is: 'unknown' };

/**
 * Keeps the last good list of a service. What stays the same stays the same object, the order is that of the ids, and a
 * failure never takes anything off the list: it only marks it as stale.
 */
export class LastGood implements Live<Resolution> {
  readonly #live = new LiveValue<Resolution>({ is: 'pending' });
  #list: readonly Endpoint[] = []; // as it was told last, but not frozen
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
    const before = this.#list;
    this.#list = inOrder(before, endpoints);
    if (this.value.is !== 'bound' || this.#list !== before) {
      this.#live.set({ is: 'bound', endpoints: Object.freeze([...this.#list]) });
    }
    this.#problem = undefined;
  }

  /** The registry has told that it has never heard of the service. */
  absent(): void {
    if (this.#closed) return;
    this.#list = [];
    if (this.value.is !== 'unknown') this.#live.set(UNKNOWN);
    this.#problem = undefined;
  }

  /** The registry could not be asked, but somebody remembers what it told them, and `since` when: better than nothing. */
  recall(endpoints: readonly Endpoint[], error: unknown, since: number): void {
    if (this.#closed || this.value.is !== 'pending') return;
    this.#list = [...endpoints].sort(byId);
    this.#live.set({ is: 'stale', endpoints: Object.freeze([...this.#list]), error, since });
    this.fail(error);
  }

  /** The registry could not be asked. What was known stands. */
  fail(error: unknown): void {
    const problem = messageOf(error);
    if (this.#closed || problem === this.#problem) return;
    this.#problem = problem;
    const { value } = this;
    if (value.is === 'stale') this.#live.set({ ...value, error });
    else if (value.is === 'bound') {
      this.#live.set({ is: 'stale', endpoints: value.endpoints, error });
    } else if (value.is === 'pending') {
      this.#live.set({ is: 'pending', error });
    }
  }

  /** Nobody is interested any more: what is told from now on is not passed on. */
  close(): void {
    this.#closed = true;
  }
}

/** The list in the order of ids. Where it says what it said before, it is the list before, and so is each endpoint. */
function inOrder(before: readonly Endpoint[], endpoints: readonly Endpoint[]): readonly Endpoint[] {
  let [head, tail] = sameEnds(before, endpoints);
  let middle = between(endpoints, head, tail).sort(byId);
  if (!fits(middle, before[head - 1], before[before.length - tail])) {
    [head, tail] = [0, 0];
    middle = [...endpoints].sort(byId);
  }
  const old = between(before, head, tail);
  const known = new Map(old.map((endpoint) => [endpoint.id, endpoint]));
  for (const [at, endpoint] of middle.entries()) middle[at] = kept(known.get(endpoint.id), endpoint);
  if (sameList(old, middle)) return before;
  return endpoints.slice(0, head).concat(middle, endpoints.slice(endpoints.length - tail));
}

const between = <T>(list: readonly T[], head: number, tail: number): T[] => list.slice(head, list.length - tail);

/** Whether a part that is in order stands between what comes before and after it. */
function fits(part: readonly Endpoint[], before: Endpoint | undefined, after: Endpoint | undefined): boolean {
  const [first, last] = [part[0], part.at(-1)];
  if (first === undefined || last === undefined) return true;
  return (before === undefined || byId(before, first) < 0) && (after === undefined || byId(last, after) < 0);
}

const kept = (before: Endpoint | undefined, now: Endpoint): Endpoint =>
  before !== undefined && sameEndpoint(before, now) ? before : now;

const byId = (a: Endpoint, b: Endpoint): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const sameList = (a: readonly Endpoint[], b: readonly Endpoint[]): boolean =>
  a.length === b.length && a.every((endpoint, at) => endpoint === b[at]);
