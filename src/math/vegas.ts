import { isIdle, LEAST, type LimitRule, type Sampled, within } from './limit-rule.ts';

const PROBE = 30; // times the limit: after so many answers the best latency is learnt anew

/**
 * TCP Vegas, with Netflix's numbers: how many of those under way wait rather than work is told by the latency against
 * the best one known. Few: the limit grows; many: it shrinks, by the logarithm of itself each time.
 */
export class Vegas implements LimitRule {
  readonly since = Number.NEGATIVE_INFINITY;
  #limit: number;
  #best = Number.NaN;
  #answers = 0; // since the best was learnt
  #phase: number;

  /** `random` is from 0 to 1: those that start together do not probe together. */
  constructor(limit: number, random: number) {
    this.#limit = limit;
    this.#phase = random;
  }

  get limit(): number {
    return this.#limit;
  }

  get learnt(): number {
    return this.#limit;
  }

  update({ ms, inFlight, answers, dropped }: Sampled, most: number): void {
    const step = Math.max(LEAST, Math.floor(Math.log10(this.#limit)));
    this.#answers += answers;
    if (dropped > 0) this.#limit = within(this.#limit - step, most);
    if (answers === 0) return;
    if (this.#answers > this.#jitter * PROBE * this.#limit) this.#learn(ms);
    else {
      if (!(ms >= this.#best)) this.#best = ms;
      const moves = dropped === 0 && !isIdle(inFlight, this.#limit);
      if (moves) this.#limit = within(this.#limit + this.#move(ms, step), most);
    }
  }

  #move(ms: number, step: number): number {
    const waiting = Math.ceil(this.#limit * (1 - this.#best / ms));
    if (waiting <= step) return 6 * step;
    if (waiting < 3 * step) return step;
    return waiting > 6 * step ? -step : 0;
  }

  #learn(ms: number): void {
    this.#best = ms;
    this.#answers = 0;
    this.#phase = (this.#phase + 0.618) % 1; // spread evenly, without asking chance again
  }

  get #jitter(): number {
    return 0.5 + this.#phase / 2;
  }
}
