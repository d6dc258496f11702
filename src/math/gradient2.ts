import { isIdle, type LimitRule, type Sampled, within } from './limit-rule.ts';

const SMOOTHING = 0.2;
const QUEUE = 4; // calls more than now that are tried each time
const TOLERANCE = 1.5;
const LONG_WINDOWS = 600;
const DRIFT = 0.95;
const BACKOFF = 0.9;

/**
 * Netflix's Gradient2: the latency of late against that of the long run, where half as much again is tolerated. It needs
 * no probing, moves slowly, and takes what lasts for the usual. Unlike Netflix's it also falls when something is refused.
 */
export class Gradient2 implements LimitRule {
  readonly since = Number.NEGATIVE_INFINITY;
  #limit: number;
  #long = 0;
  #seen = 0; // windows

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get learnt(): number {
    return this.#limit;
  }

  update({ ms, inFlight, answers, dropped }: Sampled, most: number): void {
    let next = this.#limit;
    if (answers > 0) {
      this.#remember(ms);
      if (this.#long / ms > 2) this.#long *= DRIFT; // what was learnt in a bad time is given up sooner
      if (!isIdle(inFlight, this.#limit)) next = this.#aim(ms);
    }
    if (dropped > 0) next = Math.min(next, this.#limit * BACKOFF);
    this.#limit = within(next, most);
  }

  #aim(ms: number): number {
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * this.#long) / ms));
    return (1 - SMOOTHING) * this.#limit + SMOOTHING * (this.#limit * gradient + QUEUE);
  }

  /** A mean at first, and exponential from when the long run is full. */
  #remember(ms: number): void {
    this.#seen = Math.min(this.#seen + 1, LONG_WINDOWS);
    const share = this.#seen < 10 ? 1 / this.#seen : 2 / (LONG_WINDOWS + 1);
    this.#long += share * (ms - this.#long);
  }
}
