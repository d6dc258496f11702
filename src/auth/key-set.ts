import type { Env } from '../core/env.ts';
import { type Key, readKeys } from './keys.ts';
import type { ProofNews } from './proof-news.ts';

/** Gives the text of a key set. */
export type LoadKeys = () => Promise<string>;

/** How a key set is kept. */
export interface KeySetOptions {
  /** For how long its keys are good without another look. */
  readonly freshMs: number;
  /** Where the keys are, as an audit may say it. */
  readonly place?: string | undefined;
  /** Hears of each look. */
  readonly news?: ProofNews | undefined;
}

const NONE: readonly Key[] = [];
const BURST = 3; // looks for keys that are not known, at once
const EACH_MS = 10_000; // and one more in this time: strangers can name keys as they like
const AGAIN_MS = 10_000; // after one that failed
const LATE = 0.1; // of the time for which keys are fresh: who comes later than that waits until they were looked at
const PATIENCE_MS = 1_000;
const OLDEST_MS = 24 * 3_600_000; // keys that nobody has confirmed for so long may have been withdrawn
const CANDIDATES = 4; // keys tried for one token

/**
 * The keys of one issuer: read when they are first needed, and looked at again when they are no longer fresh, in the
 * background while they are in use, and before they are used where nobody has come for long. They are kept while their
 * source is away. A key that is not known is looked for, by one at a time, and not often.
 */
export class KeySet {
  readonly #env: Env;
  readonly #load: LoadKeys;
  readonly #freshMs: number;
  #text: string | undefined;
  #keys: readonly Key[] = NONE;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #nextAt = 0; // when the keys that we have are to be looked at again
  #looks = BURST;
  #lookedAt = 0;
  #flight: Promise<void> | undefined;
  readonly #place: string;
  readonly #news: ProofNews | undefined;
  #problem: string | undefined;

  constructor(env: Env, load: LoadKeys, { freshMs, place = '', news }: KeySetOptions) {
    this.#env = env;
    this.#load = load;
    this.#freshMs = freshMs;
    this.#place = place;
    this.#news = news;
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Why the keys could not be read when they were last looked at; nothing where they could. */
  get problem(): string | undefined {
    if (this.#problem === undefined) return undefined;
    return this.#place === '' ? this.#problem : `${this.#place}: ${this.#problem}`;
  }

  /** Milliseconds since the keys were last confirmed; nothing where they never were. */
  get ageMs(): number | undefined {
    const age = this.#env.clock.now() - this.#loadedAt;
    return Number.isFinite(age) ? age : undefined;
  }

  /** The keys that a token may have been signed with. */
  find(kid: string | undefined, algorithm: string): readonly Key[] | Promise<readonly Key[]> {
    const now = this.#env.clock.now();
    const known = this.#good(kid, algorithm);
    if (known.length === 0) return this.#seek(kid, algorithm, now);
    if (now < this.#nextAt) return known;
    const flight = this.#flight ?? this.#fly();
    if (now < this.#nextAt + LATE * this.#freshMs) return known;
    return this.#patiently(flight).then(() => this.#good(kid, algorithm));
  }

  /** Waits, but not so long that requests fail for a source that is away. */
  #patiently(flight: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#env.clock.schedule(PATIENCE_MS, resolve);
      void flight.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /**
   * Those that there are besides, now that none of `tried` has signed a token: a key may have taken the place of another
   * under its name, or without one. The source is looked at no oftener than for keys that are not known.
   */
  async others(kid: string | undefined, algorithm: string, tried: readonly Key[]): Promise<readonly Key[]> {
    const left = (): readonly Key[] => this.#match(kid, algorithm).filter((key) => !tried.includes(key));
    if (this.#flight !== undefined) {
      await this.#flight; // it may have begun before the key was there
      const found = left();
      if (found.length > 0) return found;
    }
    if (this.#flight === undefined && !this.#mayLook()) return NONE;
    await (this.#flight ?? this.#fly());
    return left();
  }

  /** Those of the keys at hand, unless nobody has confirmed them for too long. */
  #good(kid: string | undefined, algorithm: string): readonly Key[] {
    return this.#env.clock.now() - this.#loadedAt <= OLDEST_MS ? this.#match(kid, algorithm) : NONE;
  }

  #match(kid: string | undefined, algorithm: string): readonly Key[] {
    const keys = this.#keys.filter(
      (key) => key.algorithms.includes(algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid),
    );
    const named = keys.filter((key) => key.kid === kid);
    return (named.length > 0 ? named : keys).slice(0, CANDIDATES);
  }

  async #seek(kid: string | undefined, algorithm: string, asked: number): Promise<readonly Key[]> {
    if (this.#flight !== undefined) {
      await this.#flight; // it may have begun before the key was there
      const found = this.#match(kid, algorithm);
      if (found.length > 0 && this.#loadedAt >= asked) return found;
    }
    if (this.#flight === undefined && !this.#mayLook()) return NONE;
    await (this.#flight ?? this.#fly());
    return this.#good(kid, algorithm);
  }

  #mayLook(): boolean {
    if (this.ageMs === undefined && this.#problem === undefined) return true; // the first of all is a look for no one key
    const now = this.#env.clock.now();
    this.#looks = Math.min(BURST, this.#looks + (now - this.#lookedAt) / EACH_MS);
    this.#lookedAt = now;
    if (this.#looks < 1) return false;
    this.#looks--;
    return true;
  }

  #fly(): Promise<void> {
    const { clock } = this.#env;
    this.#flight = this.#read()
      .then(
        () => {
          this.#loadedAt = clock.now();
          this.#nextAt = this.#loadedAt + this.#freshMs;
          this.#problem = undefined;
          this.#news?.good();
        },
        (error: unknown) => {
          this.#problem = problemOf(error);
          this.#nextAt = clock.now() + AGAIN_MS; // the last good keys stand
          this.#news?.bad(this.problem!);
        },
      )
      .finally(() => {
        this.#flight = undefined;
      });
    return this.#flight;
  }

  async #read(): Promise<void> {
    const text = await this.#load();
    if (text === this.#text) return; // the same keys: what was made of them stays
    this.#keys = readKeys(JSON.parse(text));
    this.#text = text;
  }
}

/** What stands in the way: a code where there is one, and no word of what was found in place of keys. */
function problemOf(error: unknown): string {
  const { code, name, message, cause } = error as Error & { code?: unknown };
  if (typeof code === 'string') return code; // an AbortError has a number
  if (cause instanceof Error) return problemOf(cause);
  if (name === 'AbortError') return 'no answer in time';
  return error instanceof SyntaxError ? 'it is no JSON' : message;
}
