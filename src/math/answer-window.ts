import type { Sampled } from './limit-rule.ts';

const KEPT = 256; // of the answers of a window, the last ones
const ENOUGH = 20;
const SHORTEST_MS = 100;
const LONGEST_MS = 5_000;
const FASTEST_MS = 0.1; // what is faster is noise

/**
 * Gathers answers until there are enough to learn from: twenty, over a tenth of a second and twice the time that one
 * takes, so that what was changed by one window is seen in the next. The caller brings the time.
 */
export class AnswerWindow {
  readonly #ms = new Float64Array(KEPT);
  #answers = 0;
  #dropped = 0;
  #inFlight = 0;
  #since = Number.NaN;
  #lengthMs = SHORTEST_MS;

  /** Takes in what became of one; `inFlight` were under way when it began. Says whether the window is full. */
  add(ms: number, inFlight: number, dropped: boolean, now: number): boolean {
    if (Number.isNaN(this.#since)) this.#since = now;
    if (dropped) this.#dropped++;
    else this.#ms[this.#answers++ % KEPT] = Math.max(FASTEST_MS, ms);
    this.#inFlight = Math.max(this.#inFlight, inFlight);
    return this.#answers + this.#dropped >= ENOUGH && now - this.#since >= this.#lengthMs;
  }

  /** What it came to. The next one begins at `now`. */
  take(now: number): Sampled {
    const sorted = this.#ms.subarray(0, Math.min(this.#answers, KEPT)).sort();
    const ms = sorted.length === 0 ? Number.NaN : sorted[sorted.length >> 1]!;
    const sampled = { ms, inFlight: this.#inFlight, answers: this.#answers, dropped: this.#dropped };
    this.#lengthMs = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, 2 * (sorted.length === 0 ? 0 : ms)));
    this.restart(now);
    return sampled;
  }

  /** Forgets what was gathered. */
  restart(now: number): void {
    this.#answers = this.#dropped = this.#inFlight = 0;
    this.#since = now;
  }
}
