import { LRUCache } from 'lru-cache';

/**
 * A map that keeps what was used last. An `LRUCache` takes its whole room when it is made, and most services have no
 * quota: so it is made with the first thing that is kept.
 */
export class Bounded<V extends object> {
  readonly #most: number;
  #kept: LRUCache<string, V> | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept?.size ?? 0;
  }

  /** What is kept under a key, for who only looks. */
  peek(key: string): V | undefined {
    return this.#kept?.peek(key);
  }

  /** What is kept under a key; where nothing is, what `make` makes, kept from now on. */
  of(key: string, make: () => V): V {
    this.#kept ??= new LRUCache({ max: this.#most });
    let value = this.#kept.get(key);
    if (value === undefined) {
      value = make();
      this.#kept.set(key, value);
    }
    return value;
  }
}
