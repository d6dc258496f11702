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
      const kept = Math.exp((this.#at - now) / decayMs);
      this.#ms = this.#ms * kept + ms * (1 - kept);
    }
    this.#at = now;
  }

  /** Milliseconds, as they look at `now`: fades towards 0 while nothing is heard, so that a slow one is tried again. */
  read(now: number, decayMs: number): number {
    return this.#ms === 0 ? 0 : this.#ms * Math.exp((this.#at - now) / decayMs);
  }
}
