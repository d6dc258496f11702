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
  #timer: Timer | undefined;
  #frozen = false;

  constructor(clock: Clock, holdMs: number, publish: (endpoints: readonly Endpoint[]) => void) {
    this.#clock = clock;
    this.#holdMs = holdMs;
    this.#publish = publish;
  }

  /** Takes what the tree says now: all of it. */
  update(there: Endpoints): void {
    this.#frozen = false;
    const now = this.#clock.now();
    for (const [id, endpoint] of there) {
      this.#used.set(id, endpoint);
      this.#missing.delete(id);
    }
    for (const [id, { weight }] of this.#used) {
      if (there.has(id) || this.#missing.has(id)) continue;
      if (weight === 0) this.#used.delete(id);
      else this.#missing.set(id, now);
    }
    this.#settle();
  }

  /** Those who call an endpoint found it dead: if it is missing too, it goes now. */
  dead(id: string): void {
    if (this.#frozen || !this.#missing.delete(id)) return;
    this.#used.delete(id);
    this.#settle();
  }

  /** How many are kept that the tree no longer has. */
  get held(): number {
    return this.#missing.size;
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
    const mass = this.#missing.size >= MASS_LEAST && this.#missing.size / this.#used.size > MASS_SHARE;
    const holdMs = mass ? MASS_MS : this.#holdMs;
    let next = Number.POSITIVE_INFINITY;
    for (const [id, since] of this.#missing) {
      if (now - since < holdMs) {
        next = Math.min(next, since + holdMs - now);
        continue;
      }
      this.#missing.delete(id);
      this.#used.delete(id);
    }
    this.#timer?.cancel();
    if (next < Number.POSITIVE_INFINITY) {
      this.#timer = this.#clock.schedule(next, () => this.#settle());
      this.#timer.hold(false);
    }
    this.#publish([...this.#used.values()]);
  }
}
