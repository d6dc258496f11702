import type { Clock, Timer } from '../core/clock.ts';
import type { Endpoint } from '../core/endpoint.ts';

/** The endpoints that there are, by their ids. */
export type Endpoints = ReadonlyMap<string, Endpoint>;

const MASS_SHARE = 0.3;
const MASS_LEAST = 2;
const MASS_MS = 600_000;

/**
 * Stands between what the tree says and what is used. Who comes is used at once. Who said that it was leaving, by a
 * weight of 0, goes at once. Who goes without a word is kept for a short while: it may only have lost its session. And
 * when many go at once it is more likely the registry than they, so all are kept until most are back, until they are
 * found dead by those who call them, or for ten minutes.
 */
export class Stabilizer {
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #publish: (endpoints: readonly Endpoint[]) => void;
  readonly #used = new Map<string, Endpoint>();
  readonly #missing = new Map<string, number>(); // since when, by our clock
  #list: readonly Endpoint[] = []; // those used, in the order of their ids
  readonly #unlisted = new Set<string>(); // who changed since #list was made
  #timer: Timer | undefined;
  #frozen = false;
  #doubted = false;

  constructor(clock: Clock, holdMs: number, publish: (endpoints: readonly Endpoint[]) => void) {
    this.#clock = clock;
    this.#holdMs = holdMs;
    this.#publish = publish;
  }

  /** Takes what the tree says now: all of it. Only those of `changed` are looked at, if it is given. */
  update(there: Endpoints, changed: Iterable<string> = new Set([...there.keys(), ...this.#used.keys()])): void {
    this.#frozen = false;
    const now = this.#clock.now();
    for (const id of changed) {
      const endpoint = there.get(id);
      const before = this.#used.get(id);
      if (endpoint !== undefined) {
        this.#missing.delete(id);
        if (endpoint !== before) this.#use(id, endpoint);
      } else if (before?.weight === 0) this.#drop(id);
      else if (before !== undefined && !this.#missing.has(id)) this.#missing.set(id, now);
    }
    this.#settle();
  }

  /** Those who call an endpoint found it dead: if it is missing too, it goes now. */
  dead(id: string): void {
    if (this.#frozen || !this.#missing.has(id)) return;
    this.#drop(id);
    this.#settle();
  }

  /** How many are kept that the tree no longer has. */
  get held(): number {
    return this.#missing.size;
  }

  /**
   * Somebody before us knew of these, `ageMs` ago, and they are used while the tree can not be seen. When it is, it may
   * not have all of them back: they are kept as in a tree that began anew, unless what was known is old.
   */
  recall(endpoints: readonly Endpoint[], ageMs: number): void {
    if (ageMs >= MASS_MS || this.#used.size > 0) return;
    for (const endpoint of endpoints) {
      this.#use(endpoint.id, endpoint);
      this.#missing.set(endpoint.id, this.#clock.now() - ageMs);
    }
    this.#frozen = true;
    this.doubt();
  }

  /** The tree began anew: whoever is missing there is kept as when many are, until all are back. */
  doubt(): void {
    this.#doubted = true;
  }

  /** The tree is the one that was known: who is missing there has gone, as ever. */
  trust(): void {
    this.#doubted = false;
  }

  /** The tree can not be seen: nobody goes until it says again who is there. */
  freeze(): void {
    this.#frozen = true;
    this.#timer?.cancel();
  }

  close(): void {
    this.freeze();
  }

  #settle(): void {
    const now = this.#clock.now();
    if (this.#missing.size === 0) this.#doubted = false;
    const many = this.#missing.size >= MASS_LEAST && this.#missing.size / this.#used.size > MASS_SHARE;
    const mass = many || this.#doubted;
    const holdMs = mass ? MASS_MS : this.#holdMs;
    let next = Number.POSITIVE_INFINITY;
    for (const [id, since] of this.#missing) {
      if (now - since < holdMs) {
        next = Math.min(next, since + holdMs - now);
        continue;
      }
      this.#drop(id);
    }
    this.#timer?.cancel();
    if (next < Number.POSITIVE_INFINITY) {
      this.#timer = this.#clock.schedule(next, () => this.#settle());
      this.#timer.hold(false);
    }
    this.#list = patched(this.#list, this.#used, this.#unlisted);
    this.#unlisted.clear();
    this.#publish(this.#list);
  }

  #use(id: string, endpoint: Endpoint): void {
    this.#used.set(id, endpoint);
    this.#unlisted.add(id);
  }

  #drop(id: string): void {
    this.#missing.delete(id);
    this.#used.delete(id);
    this.#unlisted.add(id);
  }
}

const MANY = 32;

/** The list in the order of ids, as it is now: one change among thousands must not cost a sort. */
function patched(list: readonly Endpoint[], all: Endpoints, changed: ReadonlySet<string>): readonly Endpoint[] {
  if (changed.size === 0) return list;
  if (changed.size > MANY) return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const now = [...list];
  for (const id of changed) {
    const at = placeOf(now, id);
    const endpoint = all.get(id);
    now.splice(at, now[at]?.id === id ? 1 : 0, ...(endpoint === undefined ? [] : [endpoint]));
  }
  return now;
}

/** Where `id` is in a list in that order, or would be. */
function placeOf(list: readonly Endpoint[], id: string): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
