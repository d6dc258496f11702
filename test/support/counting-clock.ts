import { type Clock, systemClock, type Timer } from '../../src/core/clock.ts';

/** A clock that knows how many of its timers still wait, held or not. */
export class CountingClock implements Clock {
  readonly #clock: Clock;
  readonly #waiting = new Set<Timer>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Timers that wait; 0 once everything has been closed. */
  get pending(): number {
    return this.#waiting.size;
  }

  now(): number {
    return this.#clock.now();
  }

  epoch(): number {
    return this.#clock.epoch();
  }

  schedule(delayMs: number, task: () => void): Timer {
    const inner = this.#clock.schedule(delayMs, () => {
      this.#waiting.delete(timer);
      task();
    });
    const timer: Timer = {
      cancel: () => {
        this.#waiting.delete(timer);
        inner.cancel();
      },
      hold: (on) => inner.hold(on),
    };
    this.#waiting.add(timer);
    return timer;
  }
}
