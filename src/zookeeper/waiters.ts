import type { Clock } from '../core/clock.ts';
import type { ZookeeperError } from './errors.ts';

/** Those who wait for something to come about, each until a time of its own is up. */
export class Waiters {
  readonly #clock: Clock;
  #waiting: ((error?: ZookeeperError) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether anybody waits. */
  get any(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Waits to be told for `ms`; then `late` says for how many milliseconds more, or what is wrong.
   * @throws ZookeeperError what is told, or what `late` gives.
   */
  wait(ms: number, late: () => number | ZookeeperError): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = (error?: ZookeeperError) => {
        timer.cancel();
        if (error === undefined) resolve();
        else reject(error);
      };
      const up = () => {
        const next = late();
        if (typeof next === 'number') {
          timer = this.#clock.schedule(next, up);
          return;
        }
        this.#waiting = this.#waiting.filter((one) => one !== waiter);
        reject(next);
      };
      let timer = this.#clock.schedule(ms, up);
      this.#waiting.push(waiter);
    });
  }

  /** Tells all who wait that it has come about, or that it will not. */
  tell(error?: ZookeeperError): void {
    for (const waiter of this.#waiting.splice(0)) waiter(error);
  }
}
