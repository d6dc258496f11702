/** Lets a number of tasks run at once; the others wait in line. */
export class Gate {
  readonly #limit: number;
  #running = 0;
  readonly #line: { start: () => void; refuse: (error: unknown) => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `task` when it is its turn. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((start, refuse) => this.#line.push({ start, refuse }));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      const next = this.#line.shift(); // it takes over our place, so the count stays
      if (next === undefined) this.#running--;
      else next.start();
    }
  }

  /** Sends away all that wait. */
  refuse(error: unknown): void {
    for (const { refuse } of this.#line.splice(0)) refuse(error);
  }
}
