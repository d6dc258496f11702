/**
 * How long answers take, remembered by their peaks: a slower answer counts at once, faster ones only as time passes.
 * After Finagle's PeakEwma and tower's peak_ewma. The caller brings the time and the decay.
 */
export class PeakEwma {
  #ms = 0;
  #at = Number.NEGATIVE_INFINITY;

  /** Whether anything has been observed. */
  get known(): boolean {
    return this.#at !== Number.NEGATIVE_INFINITY;
  }

  /** Takes in an answer that took `ms`; after `decayMs` a peak has faded to 37 %. */
  observe(ms: number, now: number, decayMs: number): void {
    if (ms >= this.#ms || !this.known) this.#ms = ms;
    else {
      const kept = faded((this.#at - now) / decayMs);
      this.#ms = this.#ms * kept + ms * (1 - kept);
    }
    this.#at = now;
  }

  /** Milliseconds, as they look at `now`: fades towards 0 while nothing is heard, so that a slow one is tried again. */
  read(now: number, decayMs: number): number {
    return this.#ms === 0 ? 0 : this.#ms * faded((this.#at - now) / decayMs);
  }
}

const LATELY = -0.015; // of the decay

/** e to the power of `x`. Who is called much was heard of just now, and near 0 four terms are right to 11 digits. */
const faded = (x: number): number => (x < LATELY ? Math.exp(x) : 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x / 24))));
