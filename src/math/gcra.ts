const SLACK = 1e-6; // cells; sums of fractions are not exact, and a call must not be refused for that

/**
 * The generic cell rate algorithm (ITU-T I.371, annex A), as the leaky bucket that it equals: calls fill it, time drains
 * it. There are no windows, so there is no edge at which twice as much gets through: in any time there are at most as
 * many as the rate gives for it, and the burst. The caller brings the rate, the burst and the time, so that all may change
 * while what was used stays used.
 */
export class Gcra {
  #level = 0;
  #at = Number.NEGATIVE_INFINITY;
  #perMs = 0; // what it has drained by since then, whatever the rate is now

  /** How many calls are in the bucket. More than the burst where some wait for their turn. */
  level(now: number): number {
    return this.#level === 0 ? 0 : Math.max(0, this.#level - Math.max(0, now - this.#at) * this.#perMs);
  }

  /**
   * It drains by another rate from now on, and has no more in it than `most`: else who used up a large burst would be shut
   * out, when it is made small, until all of that has drained.
   */
  turn(perMs: number, most: number, now: number): void {
    if (this.#level !== 0 && (perMs !== this.#perMs || this.#level > most)) {
      this.#set(Math.min(most, this.level(now)), perMs, now);
    }
  }

  /** The same, for who only looks what would be. */
  copy(): Gcra {
    const copy = new Gcra();
    copy.#set(this.#level, this.#perMs, this.#at);
    return copy;
  }

  /**
   * Milliseconds until one more fits; 0 when it does now. `burst` is how many may come at once, at least 1. `cost` is how
   * many times its room one takes, where something cold is not to be driven at its rate yet.
   */
  wait(perMs: number, burst: number, now: number, cost = 1): number {
    const over = this.level(now) - (burst - 1) * cost;
    return over <= SLACK ? 0 : over / perMs;
  }

  /** One more goes, now or once it has waited. */
  add(perMs: number, now: number, cost = 1): void {
    this.#set(this.level(now) + cost, perMs, now);
  }

  /** Lets one more go if it fits now. */
  take(perMs: number, burst: number, now: number): boolean {
    if (this.wait(perMs, burst, now) > 0) return false;
    this.add(perMs, now);
    return true;
  }

  #set(level: number, perMs: number, now: number): void {
    this.#level = level;
    this.#perMs = perMs;
    this.#at = now;
  }
}
