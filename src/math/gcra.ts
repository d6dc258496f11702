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

  /** How many calls are in the bucket. More than the burst where some wait for their turn. */
  level(perMs: number, now: number): number {
    return this.#level === 0 ? 0 : Math.max(0, this.#level - Math.max(0, now - this.#at) * perMs);
  }

  /**
   * Milliseconds until one more fits; 0 when it does now. `burst` is how many may come at once, at least 1. `cost` is how
   * many times its room one takes, where something cold is not to be driven at its rate yet.
   */
  wait(perMs: number, burst: number, now: number, cost = 1): number {
    const over = this.level(perMs, now) - (burst - 1) * cost;
    return over <= SLACK ? 0 : over / perMs;
  }

  /** One more goes, now or once it has waited. */
  add(perMs: number, now: number, cost = 1): void {
    this.#level = this.level(perMs, now) + cost;
    this.#at = now;
  }

  /** Lets one more go if it fits now. */
  take(perMs: number, burst: number, now: number): boolean {
    if (this.wait(perMs, burst, now) > 0) return false;
    this.add(perMs, now);
    return true;
  }
}
