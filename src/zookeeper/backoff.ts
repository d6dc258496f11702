import type { Random } from '../core/random.ts';

const FIRST_MS = 100;
const AFTER_MS = 1_000; // a link that lived as long was a good one
const SPREAD_MS = 500; // when a server goes, all its clients come to the others at once

/**
 * How long to wait before the next connection. Each server is tried once, soon but not all clients at one moment; then
 * the waits grow at random, as in AWS's "decorrelated jitter", up to a third of the session timeout, so that several
 * tries fit in it.
 */
export class Backoff {
  readonly #random: Random;
  readonly #servers: number;
  #failures = 0;
  #last = FIRST_MS;

  constructor(random: Random, servers: number) {
    this.#random = random;
    this.#servers = servers;
  }

  /** A link has ended that lived for `ms`. A short life is no better than none: the server may take and drop us. */
  ended(ms: number): void {
    if (ms >= AFTER_MS) this.anew();
  }

  /** Forgets the failures there were. */
  anew(): void {
    this.#failures = 0;
    this.#last = FIRST_MS;
  }

  /** Milliseconds to wait now, with a session timeout of `timeoutMs`. */
  next(timeoutMs: number): number {
    const failures = this.#failures++;
    if (failures < this.#servers) return this.#random.next() * Math.min(SPREAD_MS, timeoutMs / 20);
    const longest = longestMs(timeoutMs);
    this.#last = Math.min(longest, FIRST_MS + this.#random.next() * (3 * this.#last - FIRST_MS));
    return this.#last;
  }
}

/** The longest wait between two connections. */
export const longestMs = (timeoutMs: number): number => Math.min(5_000, Math.max(1_000, timeoutMs / 3));
