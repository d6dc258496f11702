const COLD = 3; // Sentinel's coldFactor: a third of the rate to begin with
const LOOK_MS = 1_000; // how often it is asked whether so little comes that it cools down

/**
 * How fast something cold may be driven: from a third of its rate to all of it, within a time. Sentinel's warm-up (after
 * Guava's SmoothWarmingUp): permits are stored while little comes; the more are left, the slower the rate, and using it
 * uses them up. The caller brings the rate, the time to warm up and the time.
 */
export class WarmUp {
  #stored = Number.POSITIVE_INFINITY; // cold to begin with
  #used = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** Calls for each millisecond that are fine now; at most `perMs`. */
  rate(perMs: number, warmUpMs: number, now: number): number {
    const [warm, full] = levels(perMs, warmUpMs);
    this.#look(perMs, warm, full, now);
    this.#stored = Math.min(this.#stored, full);
    const above = this.#stored - warm;
    if (above <= 0) return perMs;
    const slope = (COLD - 1) / perMs / (full - warm);
    return 1 / (above * slope + 1 / perMs);
  }

  /**
   * How many times its usual room one call takes now, 3 at most: those that wait for their turns are then as far apart as
   * each of them found it, as Guava reckons, whatever becomes of the rate meanwhile.
   */
  cost(perMs: number, warmUpMs: number, now: number): number {
    return perMs / this.rate(perMs, warmUpMs, now);
  }

  /** What `cost` would say, for who only looks: nothing is remembered of it. */
  peek(perMs: number, warmUpMs: number, now: number): number {
    const copy = new WarmUp();
    copy.#stored = this.#stored;
    copy.#used = this.#used;
    copy.#lookedAt = this.#lookedAt;
    return copy.cost(perMs, warmUpMs, now);
  }

  /** A call goes. */
  use(): void {
    this.#used++;
    this.#stored = Math.max(0, this.#stored - 1);
  }

  /** Stores permits for the time that has gone: up to what is warm, and beyond only if less came than a third of the rate. */
  #look(perMs: number, warm: number, full: number, now: number): void {
    const ms = now - this.#lookedAt;
    if (ms < LOOK_MS) return;
    const isIdle = this.#used + 1 < (perMs / COLD) * ms; // one less, as the last may fall on either side of the edge
    const most = isIdle ? full : Math.max(warm, this.#stored);
    this.#stored = Math.min(most, this.#stored + ms * perMs);
    this.#used = 0;
    this.#lookedAt = now;
  }
}

/** Stored permits below which it is warm, and when it is as cold as can be. */
function levels(perMs: number, warmUpMs: number): readonly [warm: number, full: number] {
  const warm = (warmUpMs * perMs) / (COLD - 1);
  return [warm, warm + (2 * warmUpMs * perMs) / (1 + COLD)];
}
