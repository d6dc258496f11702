import { isIdle, LEAST, type LimitRule, type Sampled, within } from './limit-rule.ts';

const BUFFER = 1.25; // latency may be so many times the best one known
const BACKOFF = 0.9;
const PROBE = 0.25; // of the limit, while the best latency is measured
const FEW = 3; // who are let through at least meanwhile; Envoy's
const INTERVAL_MS = 60_000;
const SETTLE_MS = 1_000;
const LOW_WINDOWS = 20; // at less than half of what it was: perhaps answers just take longer now

/**
 * Envoy's adaptive concurrency: the best latency known against that of late is the gradient, by which the limit goes up
 * or down; the square root of the limit is tried on top of it.
 *
 * The best latency is measured each minute. Where the limit is not reached, what is seen is measured as it is. Where it
 * is, a quarter of it holds for a window, so that what is measured does not wait behind itself; Envoy lets three
 * through. When that shows much less than was believed, or the limit stays low, it is measured again soon: so neither a
 * start under load nor a service that got slower for good leaves it where it is.
 */
export class Gradient implements LimitRule {
  since = Number.NEGATIVE_INFINITY;
  #limit: number;
  #bestMs = Number.NaN;
  #probing = false;
  #probeAt = Number.NaN;
  #phase: number;
  #high: number; // since the last measurement
  #low = 0; // windows in a row

  /** `random` is from 0 to 1: those that start together do not probe together. */
  constructor(limit: number, random: number) {
    this.#limit = limit;
    this.#high = limit;
    this.#phase = random;
  }

  get limit(): number {
    return this.#probing ? Math.min(this.#limit, Math.max(FEW, this.#limit * PROBE)) : this.#limit;
  }

  get learnt(): number {
    return this.#limit;
  }

  update(sampled: Sampled, most: number, now: number): void {
    const { ms, answers, dropped } = sampled;
    const fallen = dropped > 0 ? this.#limit * BACKOFF : Number.POSITIVE_INFINITY;
    if (answers === 0) this.#move(Math.min(this.#limit, fallen), most);
    else if (this.#probing) this.#measured(ms, now);
    else {
      this.#believe(ms, now);
      if (now >= this.#probeAt || this.#low >= LOW_WINDOWS) this.#probe(sampled, now);
      else this.#move(Math.min(this.#aim(sampled), fallen), most);
    }
  }

  /** The first latency is the best one known; so is one that shows that the best one was learnt in a bad time. */
  #believe(ms: number, now: number): void {
    if (Number.isNaN(this.#bestMs)) this.#probeAt = now + SETTLE_MS;
    if (!(ms * BUFFER >= this.#bestMs)) this.#bestMs = ms;
  }

  #aim({ ms, inFlight }: Sampled): number {
    if (isIdle(inFlight, this.#limit)) return this.#limit;
    const gradient = Math.max(0.5, Math.min(2, (BUFFER * this.#bestMs) / ms));
    return gradient * this.#limit + Math.sqrt(this.#limit);
  }

  #move(limit: number, most: number): void {
    this.#limit = within(limit, most);
    this.#high = Math.max(this.#high, this.#limit);
    this.#low = this.#limit < this.#high / 2 || this.#limit === LEAST ? this.#low + 1 : 0;
  }

  /** Where the limit is not reached, nothing waits because of it, and nobody has to be kept out to see that. */
  #probe({ ms, inFlight }: Sampled, now: number): void {
    if (inFlight < Math.floor(this.#limit)) this.#measured(ms, now);
    else {
      this.#probing = true;
      this.since = now;
    }
  }

  #measured(ms: number, now: number): void {
    const isNews = ms * BUFFER < this.#bestMs;
    this.#probing = false;
    this.#bestMs = ms;
    this.#high = this.#limit;
    this.#low = 0;
    this.#phase = (this.#phase + 0.618) % 1; // spread evenly, without asking chance again
    this.#probeAt = now + (isNews ? SETTLE_MS : INTERVAL_MS) * (0.85 + 0.3 * this.#phase);
  }
}
