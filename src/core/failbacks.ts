import type { Clock, Timer } from './clock.ts';

/** How work that failed is tried again later. */
export interface FailbackLimits {
  /** How much may wait. */
  readonly queue: number;
  /** Milliseconds until each try. */
  readonly every: number;
  readonly tries: number;
}

/** Work that failed and is tried again later, in the background. It keeps the process alive, until it is done or given up. */
export class Failbacks {
  readonly #clock: Clock;
  readonly #waiting = new Set<Timer>();
  #held = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How much waits, or is being tried. */
  get size(): number {
    return this.#held;
  }

  /** Tries `work` later, until it says that it went well; `ended` hears how it ended. False when there is no room. */
  add(limits: FailbackLimits, work: () => Promise<boolean>, ended: (well: boolean, tries: number) => void): boolean {
    if (this.#closed || this.#held >= limits.queue) return false;
    this.#held++;
    this.#wait(limits, work, ended, 1);
    return true;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#waiting) timer.cancel();
    this.#held -= this.#waiting.size;
    this.#waiting.clear();
  }

  #wait(
    limits: FailbackLimits,
    work: () => Promise<boolean>,
    ended: (well: boolean, tries: number) => void,
    n: number,
  ) {
    const timer = this.#clock.schedule(limits.every, async () => {
      this.#waiting.delete(timer);
      const well = await work();
      if (!well && n < limits.tries && !this.#closed) return this.#wait(limits, work, ended, n + 1);
      this.#held--;
      ended(well, n);
    });
    this.#waiting.add(timer);
  }
}

/** How many wait, as a sentence. */
export const sayFailbacks = (size: number): string =>
  `failback: ${size} ${size === 1 ? 'call waits' : 'calls wait'} to be tried again`;
