/** Which words of one use were used of late. Forgets none of them too early: when it is full, it takes no more. */
export class Nonces {
  readonly #windowMs: number;
  readonly #most: number;
  #recent = new Set<string>();
  #older = new Set<string>();
  #turnedAt = 0;

  /** A word is known for `windowMs` at least, and for twice that at most. */
  constructor(windowMs: number, most: number) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  /** Uses a word, if it has not been used. */
  use(word: string, now: number): 'first' | 'again' | 'full' {
    this.#turn(now);
    if (this.#recent.has(word) || this.#older.has(word)) return 'again';
    if (this.size >= this.#most) return 'full';
    this.#recent.add(word);
    return 'first';
  }

  #turn(now: number): void {
    const since = now - this.#turnedAt;
    if (since < this.#windowMs) return;
    this.#older = since < 2 * this.#windowMs ? this.#recent : new Set();
    this.#recent = new Set();
    this.#turnedAt = now;
  }
}
