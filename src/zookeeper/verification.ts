import type { Timer } from '../core/clock.ts';
import type { Env } from '../core/env.ts';

const AT_ONCE = 64;
const AGAIN_MS = 30_000; // up to twice as long
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
  readonly #doubtful = new Set<string>();
  #doubtTimer: Timer | undefined;
  #closed = false;

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

  /** Looks at the lot that is due; those that could not be looked at stay. @throws what `look` throws. */
  async run(look: (name: string) => Promise<void>): Promise<void> {
    this.#due = false;
    const names = this.#names.splice(0, AT_ONCE);
    try {
      await Promise.all(names.map(look));
    } catch (error) {
      this.#names.unshift(...names);
      throw error;
    } finally {
      this.later();
    }
  }

  /** Sees to the rest, in a while. */
  later(): void {
    this.#timer?.cancel();
    if (this.#names.length === 0 || this.#due || this.#closed) return;
    this.#timer = this.#env.clock.schedule(EVERY_MS * (1 + 2 * this.#env.random.next()), () => {
      this.#due = this.#names.length > 0;
      this.#wake();
    });
    this.#timer.hold(false);
  }

  /** Asks about one again after a while: nobody tells when it may be read. */
  again(name: string): void {
    this.#doubtful.add(name);
    if (this.#doubtTimer !== undefined || this.#closed) return;
    this.#doubtTimer = this.#env.clock.schedule(AGAIN_MS * (1 + this.#env.random.next()), () => {
      this.#doubtTimer = undefined;
      this.#names.push(...this.#doubtful);
      this.#doubtful.clear();
      this.#due = true;
      this.#wake();
    });
    this.#doubtTimer.hold(false);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#doubtTimer?.cancel();
  }
}
