/** What everything beyond the bound is counted as. */
export const OTHER = 'other';

/** Names, but not too many: the first come stay themselves, and who comes when all places are taken is `other`. */
export class Few {
  readonly #most: number;
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The name to count by. */
  name(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= this.#most) return OTHER;
    this.#names.add(name);
    return name;
  }

  /** The same, and takes no place. */
  known(name: string): string {
    return this.#names.has(name) ? name : OTHER;
  }
}
