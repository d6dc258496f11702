/** What everything beyond the bound is counted as. */
export const OTHER = 'other';

/** Names, but not too many: the first come stay themselves, and who comes when all places are taken is `other`. */
export class Few {
  readonly #most: number;
  readonly #other: string;
  readonly #names = new Set<string>();

  /** `other` is what the others are called. */
  constructor(most: number, other: string = OTHER) {
    this.#most = most;
    this.#other = other;
  }

  /** The name to count by. */
  name(name: string): string {
    if (this.#names.has(name) || name === this.#other) return name;
    if (this.#names.size >= this.#most) return this.#other;
    this.#names.add(name);
    return name;
  }

  /** The same, and takes no place. */
  known(name: string): string {
    return this.#names.has(name) ? name : this.#other;
  }
}
