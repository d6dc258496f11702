import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from './clock.ts';
import type { Cancel } from './live.ts';

const EACH_MS = 1_000;

/** Several files that belong together, read again when one of them has changed. */
export class Files {
  readonly #clock: Clock;
  readonly #paths: readonly string[];
  readonly #take: (contents: readonly string[]) => void;
  readonly #trouble: (error: unknown) => void;
  #timer: Timer | undefined;
  #seen = '';
  #closed = false;

  /**
   * `take` gets the contents; what it throws means that they do not fit together yet, and are to be read again. `trouble`
   * hears of that, and of files that can not be read, each time.
   */
  constructor(
    clock: Clock,
    paths: readonly string[],
    take: (contents: readonly string[]) => void,
    trouble: (error: unknown) => void = () => {},
  ) {
    this.#clock = clock;
    this.#paths = paths;
    this.#take = take;
    this.#trouble = trouble;
  }

  /** Reads them, and looks after them from then on. @throws what reading them or `take` throws the first time. */
  async open(): Promise<Cancel> {
    await this.#read(await this.#look());
    this.#wait();
    return () => {
      this.#closed = true;
      this.#timer?.cancel();
    };
  }

  #wait(): void {
    if (this.#closed) return;
    this.#timer = this.#clock.schedule(EACH_MS, () => {
      // What is half written, or gone for a moment, stays as it was and is looked at again.
      void this.#again()
        .catch((error: unknown) => {
          this.#seen = ''; // taken again when it is over, also where they are as they were, so that one hears of it
          this.#trouble(error);
        })
        .then(() => this.#wait());
    });
    this.#timer.hold(false);
  }

  async #again(): Promise<void> {
    const seen = await this.#look();
    if (seen !== this.#seen && !this.#closed) await this.#read(seen);
  }

  /** What tells one state of the files from another: links are followed, since whole folders are swapped by a link. */
  async #look(): Promise<string> {
    const facts = await Promise.all(this.#paths.map((path) => stat(path, { bigint: true })));
    return facts.map(({ ino, mtimeNs, size }) => `${ino} ${mtimeNs} ${size}`).join();
  }

  async #read(seen: string): Promise<void> {
    const contents = await Promise.all(this.#paths.map((path) => readFile(path, 'utf8')));
    const empty = contents.findIndex((content) => content.trim() === '');
    if (empty >= 0) throw new Error(`${this.#paths[empty]} is empty`); // as one is while it is written over; to TLS, ''
    this.#take(contents); // is nothing told: any authority will do, and no certificate is shown
    this.#seen = seen;
  }
}
