/** A record in the registry that can not be read: it is passed over, and costs itself alone. */
export interface UnreadableRecord {
  /** Under which id it stands in the registry. */
  readonly id: string;
  /** What is wrong with it. */
  readonly problem: string;
}

/** How many records of a service can not be read, and which were found last. */
export interface Unreadable {
  /** How many there are. */
  readonly count: number;
  /** The last few, the latest first. */
  readonly latest: readonly UnreadableRecord[];
}

/** All is well: what most services have. */
export const NONE_UNREADABLE: Unreadable = Object.freeze({ count: 0, latest: Object.freeze([]) });

const LATEST = 5;
const LONGEST = 80; // characters: the words are strangers'

/** Notes which records of one service can not be read, for as long as that is so. */
export class UnreadableRecords {
  readonly #problems = new Map<string, string>(); // in the order they were found

  /** The record can not be read. Says whether that is news. */
  add(id: string, problem: string): boolean {
    if (this.#problems.get(id) === problem) return false;
    this.#problems.delete(id);
    this.#problems.set(id, problem);
    return true;
  }

  /** It is gone, or can be read by now. */
  delete(id: string): void {
    this.#problems.delete(id);
  }

  get now(): Unreadable {
    if (this.#problems.size === 0) return NONE_UNREADABLE;
    const latest = [...this.#problems].slice(-LATEST).reverse();
    return {
      count: this.#problems.size,
      latest: latest.map(([id, problem]) => ({ id: printable(id), problem: printable(problem) })),
    };
  }
}

const printable = (text: string): string => text.slice(0, LONGEST).replace(/[^\P{C} ]/gu, '?');
