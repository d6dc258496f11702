import type { Timer } from '../core/clock.ts';
import { isCode } from './errors.ts';
import type { Tree } from './tree.ts';

const RETRY_MS = 1_000; // up to twice as long

/** Who has questions, and what is done with what comes of them. */
export interface Asker {
  /** Asks the next question; nothing when there is none. */
  next(): (() => Promise<void>) | undefined;
  /** A question was answered. */
  answered(): void;
  /** Nothing is left to ask. */
  done(): void;
  /** The server says no. It is asked again. */
  trouble(error: unknown): void;
}

/**
 * Asks one question after another, for as long as there is one and somebody can be asked. Where the server says no, asks
 * again in a while; where the connection goes, begins again with the next.
 */
export class Questions {
  readonly #tree: Tree;
  readonly #asker: Asker;
  #working = false;
  #epoch = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(tree: Tree, asker: Asker) {
    this.#tree = tree;
    this.#asker = asker;
  }

  /** Whether somebody can be asked. */
  get reachable(): boolean {
    return !this.#closed && this.#tree.session.state.value.is === 'connected';
  }

  /** Of which connection the answers are. */
  get epoch(): number {
    return this.#epoch;
  }

  /** There is another connection. */
  renew(): void {
    this.#epoch++;
  }

  /** Asks what there is to ask. */
  work(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#steps();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  /** Ends in the very turn in which nothing was left to do: what is heard a moment later begins it again. */
  async #steps(): Promise<void> {
    try {
      while (this.reachable) {
        const [step, epoch] = [this.#asker.next(), this.#epoch];
        if (step === undefined) return this.#asker.done();
        try {
          await step();
          this.#asker.answered();
        } catch (error) {
          if (epoch !== this.#epoch) continue; // there is another connection by now
          if (!isCode(error, 'CONNECTION_LOSS') && !isCode(error, 'UNIMPLEMENTED')) this.#trouble(error);
          return; // the next connection starts again
        }
      }
    } finally {
      this.#working = false;
    }
  }

  #trouble(error: unknown): void {
    if (this.#closed) return;
    this.#asker.trouble(error);
    const { clock, random } = this.#tree.env;
    this.#retry?.cancel();
    this.#retry = clock.schedule(RETRY_MS * (1 + random.next()), () => this.work());
    this.#retry.hold(false);
  }
}
