/** Lets a number of tasks run at once; the others wait in line. */
export class Gate {
  readonly #limit: number;
  #running = 0;
  #isShut = false;
  #emptied: () => void = () => {};
  readonly #line: { start: () => void; refuse: (error: unknown) => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `task` when it is its turn. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#isShut || this.#running >= this.#limit) {
      await new Promise<void>((start, refuse) => this.#line.push({ start, refuse }));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  /** Lets nobody in any more, until opened again; settles once all that run have ended. */
  shut(): Promise<void> {
    this.#isShut = true;
    return new Promise((resolve) => {
      this.#emptied = resolve;
      this.#next();
    });
  }

  open(): void {
    this.#isShut = false;
    this.#next();
  }

  /** Sends away all that wait. */
  refuse(error: unknown): void {
    for (const { refuse } of this.#line.splice(0)) refuse(error);
  }

  #next(): void {
    if (this.#isShut) {
      if (this.#running === 0) this.#emptied();
      return;
    }
    while (this.#running < this.#limit) {
      const next = this.#line.shift();
      if (next === undefined) return;
      this.#running++;
      next.start();
    }
  }
}
