/** Which nodes are to be read; and which of them are owed: before they were, what is known is not the whole truth. */
export class ReadingList {
  readonly #noted = new Set<string>();
  readonly #owed = new Set<string>();

  get size(): number {
    return this.#noted.size;
  }

  /** Whether something is to be read before anything may be told. */
  get owes(): boolean {
    return this.#owed.size > 0;
  }

  /** Something was told of it. */
  note(name: string): void {
    this.#noted.add(name);
  }

  /** It is there, and nothing is known of it. */
  owe(name: string): void {
    this.#noted.add(name);
    this.#owed.add(name);
  }

  /** All that is noted, once: what is noted from now on is to be read after. */
  take(): readonly string[] {
    const names = [...this.#noted];
    this.#noted.clear();
    return names;
  }

  /** It was read; it may be noted again by now. */
  done(name: string): void {
    this.#owed.delete(name);
  }

  /** It is gone. */
  forget(name: string): void {
    this.#noted.delete(name);
    this.#owed.delete(name);
  }

  clear(): void {
    this.#noted.clear();
    this.#owed.clear();
  }
}
