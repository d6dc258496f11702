import { RollingSum } from './rolling-sum.ts';

/** Lets something be done to a share of what has come in the last while, and to no more. The caller brings the time. */
export class Ration {
  readonly #came: RollingSum;
  readonly #taken: RollingSum;

  constructor(windowMs: number) {
    this.#came = new RollingSum(windowMs);
    this.#taken = new RollingSum(windowMs);
  }

  /** One more has come. */
  count(now: number): void {
    this.#came.add(1, now);
  }

  /** Whether it may be done once more, and then it has been. */
  take(share: number, now: number): boolean {
    if (this.#taken.sum(now) + 1 > share * this.#came.sum(now)) return false;
    this.#taken.add(1, now);
    return true;
  }
}
