import { Buffer } from 'node:buffer';

/** How much is remembered. */
export interface Room {
  /** Milliseconds for which a word is known at least; twice that at most. */
  readonly windowMs: number;
  /** Words in all. */
  readonly most: number;
  /** Words of each who may use some, when all together have used up those. */
  readonly least: number;
}

/** The words of several, of whom none can use up what the others need: each has a part, and the room that is left. */
export class NoncesOfAll {
  readonly #room: Room;
  readonly #each: ReadonlyMap<string, Nonces>;

  constructor(names: readonly string[], room: Room) {
    this.#room = room;
    this.#each = new Map(names.map((name) => [name, new Nonces(room.windowMs)]));
  }

  /** Uses a word of one of them: see `Nonces`. */
  use(name: string, word: string, now: number, madeAt: number): ReturnType<Nonces['use']> {
    const [own, { most, least }] = [this.#each.get(name)!, this.#room];
    const part = Math.max(least, most / this.#each.size);
    return own.use(word, now, madeAt, own.size < part ? part : Math.max(part, most - this.#others(own, now)));
  }

  #others(own: Nonces, now: number): number {
    return [...this.#each.values()].reduce((sum, each) => (each === own ? sum : sum + each.sizeAt(now)), 0);
  }
}

/** Which words of one use were used of late. Forgets none of them too early: when it is full, it takes no more. */
export class Nonces {
  readonly #windowMs: number;
  #recent = new Words();
  #older = new Words();
  #forgotten = Number.NEGATIVE_INFINITY; // what was made until then may have been used, and be known no more
  #turnedAt = 0;

  /** A word is known for `windowMs` at least, and for twice that at most. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  /** The size, with what is due to be forgotten forgotten. */
  sizeAt(now: number): number {
    this.#turn(now);
    return this.size;
  }

  /**
   * Uses a word, if it has not been used, while there are fewer than `most`. `madeAt` is when it was made by the clock of
   * who made it: should our own be put back, what has been forgotten since is not taken for new.
   */
  use(word: string, now: number, madeAt: number, most: number): 'first' | 'again' | 'full' {
    this.#turn(now);
    if (this.#recent.has(word) || this.#older.has(word) || madeAt <= this.#forgotten) return 'again';
    if (this.size >= most) return 'full';
    this.#recent.add(word, madeAt);
    return 'first';
  }

  #turn(now: number): void {
    const since = now - this.#turnedAt;
    if (since < this.#windowMs) return;
    this.#forget(this.#older);
    if (since >= 2 * this.#windowMs) this.#forget(this.#recent);
    this.#older = since < 2 * this.#windowMs ? this.#recent : new Words();
    this.#recent = new Words();
    this.#turnedAt = now;
  }

  #forget({ latest }: Words): void {
    this.#forgotten = Math.max(this.#forgotten, latest);
  }
}

/** Words, and when the latest of them was made. */
class Words extends Set<string> {
  latest = Number.NEGATIVE_INFINITY;

  override add(word: string, madeAt = this.latest): this {
    this.latest = Math.max(this.latest, madeAt);
    return super.add(Buffer.from(word).toString()); // a copy: what was cut out of a header keeps all of that
  }
}
