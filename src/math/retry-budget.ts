import { RollingSum } from './rolling-sum.ts';

const WINDOW_MS = 10_000;

/**
 * How many retries there may be, so that they can not grow into a storm: in any ten seconds, a share of the calls made
 * and a few more each second whatever the traffic. After Finagle's RetryBudget.
 */
export class RetryBudget {
  readonly #calls = new RollingSum(WINDOW_MS);
  readonly #retries = new RollingSum(WINDOW_MS);

  /** A call was made. */
  deposit(now: number): void {
    this.#calls.add(1, now);
  }

  /** Retries that are left: none where more were made than there may be by now, since calls are forgotten, or the policy is another. */
  balance(share: number, perSecond: number, now: number): number {
    return Math.max(0, share * this.#calls.sum(now) + (perSecond * WINDOW_MS) / 1_000 - this.#retries.sum(now));
  }

  /** Takes one retry, if there is one. */
  withdraw(share: number, perSecond: number, now: number): boolean {
    if (this.balance(share, perSecond, now) < 1) return false;
    this.#retries.add(1, now);
    return true;
  }
}
