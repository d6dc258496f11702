import { isIdle, type LimitRule, type Sampled, within } from './limit-rule.ts';

const BACKOFF = 0.9;
const TOO_LONG_MS = 5_000;

/**
 * Additive increase, multiplicative decrease, as TCP and Netflix's AIMDLimit have it: a tenth less after a window in
 * which something was refused or took more than 5 s, else one more if the limit was used. Looks at no other latency, so
 * it suits callers, who do not know what else keeps the other side busy.
 */
export class Aimd implements LimitRule {
  readonly since = Number.NEGATIVE_INFINITY;
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get learnt(): number {
    return this.#limit;
  }

  update({ ms, inFlight, dropped }: Sampled, most: number): void {
    if (dropped > 0 || ms > TOO_LONG_MS) this.#limit = within(this.#limit * BACKOFF, most);
    else if (!isIdle(inFlight, this.#limit)) this.#limit = within(this.#limit + 1, most);
  }
}
