import { RollingSum } from './rolling-sum.ts';

const WINDOW_MS = 10_000;

/**
 * Which share of requests need not be made, seeing how many of those of the last ten seconds were accepted: the adaptive
 * throttling of Google's SRE book, as Envoy's admission control has it. The caller brings the time.
 */
export class Throttling {
  readonly #requests = new RollingSum(WINDOW_MS);
  readonly #accepted = new RollingSum(WINDOW_MS);

  /** One was made and came to an end, or was not made. */
  count(accepted: boolean, now: number): void {
    this.#requests.add(1, now);
    if (accepted) this.#accepted.add(1, now);
  }

  /** The share that need not be made, from 0 to `most`. `ratio` times what is accepted may be asked for. */
  share(ratio: number, most: number, now: number): number {
    const requests = this.#requests.sum(now);
    return Math.min(most, Math.max(0, (requests - ratio * this.#accepted.sum(now)) / (requests + 1)));
  }

  /** Requests of the last ten seconds, and those of them that were accepted. */
  counts(now: number): { readonly requests: number; readonly accepted: number } {
    return { requests: this.#requests.sum(now), accepted: this.#accepted.sum(now) };
  }
}
