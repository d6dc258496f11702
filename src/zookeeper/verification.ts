import type { Timer } from '../core/clock.ts';
import type { Env } from '../core/env.ts';

const AT_ONCE = 64;
const EVERY_MS = 2_000; // between two lots, and up to three times as long, so that many watchers do not ask as one

/**
 * Those whose data may have changed while nobody told us, which a look at their folder does not show. A few are asked
 * about at once; of many, a lot every few seconds.
 */
export class Verification {
  readonly #env: Env;
  readonly #wake: () => void;
  #names: string[] = [];
  #timer: Timer | undefined;
  #due = false;

  /** `wake` is called when the next lot is due. */
  constructor(env: Env, wake: () => void) {
    this.#env = env;
    this.#wake = wake;
  }

  /** Whether a lot is to be asked about now. */
  get due(): boolean {
    return this.#due;
  }

  start(names: Iterable<string>): void {
    this.#names = [...names];
    this.#due = this.#names.length > 0 && this.#names.length <= AT_ONCE;
    if (!this.#due) this.later();
  }

  /** The lot that is due. */
  take(): readonly string[] {
    this.#due = false;
    return this.#names.splice(0, AT_ONCE);
  }

  /** They could not be asked about. */
  putBack(names: readonly string[]): void {
    this.#names.unshift(...names);
  }

  /** Sees to the rest, in a while. */
  later(): void {
    this.close();
    if (this.#names.length === 0 || this.#due) return;
    this.#timer = this.#env.clock.schedule(EVERY_MS * (1 + 2 * this.#env.random.next()), () => {
      this.#due = this.#names.length > 0;
      this.#wake();
    });
    this.#timer.hold(false);
  }

  close(): void {
    this.#timer?.cancel();
  }
}
