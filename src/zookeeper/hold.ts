import type { Clock, Timer } from '../core/clock.ts';

/** Keeps the process alive while something is waited for. Being connected alone does not. */
export class Hold {
  readonly #clock: Clock;
  #count = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for `work`, and holds the process for as long. */
  async while<T>(work: Promise<T>): Promise<T> {
    if (this.#count++ === 0) this.#timer = this.#clock.schedule(Number.MAX_SAFE_INTEGER, () => {});
    try {
      return await work;
    } finally {
      if (--this.#count === 0) this.#timer?.cancel();
    }
  }
}
