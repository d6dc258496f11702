import { LRUCache } from 'lru-cache';
import { MeshError } from '../core/errors.ts';
import type { Kept } from '../core/kept.ts';
import { Ring } from '../core/ring.ts';
import type { Scope } from '../core/scope.ts';
import type { Policy } from '../policy/table.ts';
import type { Lifetime } from './lifetime.ts';

type Limits = Pick<Policy['fallback'], 'entries' | 'bytes'>;

const OVERHEAD = 512; // bytes of an answer besides its body, about

/** An answer that was good. */
export interface KeptAnswer {
  /** What requests for it have in common. */
  readonly key: string;
  readonly kept: Kept<unknown>;
  readonly path: string;
  readonly at: number;
  readonly lifetime: Lifetime;
  /** Whether a newer one is being asked for. */
  renewing: boolean;
}

/** What is kept of a service, as plain JSON. */
export interface AnswersFacts {
  /** How many are kept. */
  readonly answers: number;
  /** Bytes of all their bodies. */
  readonly bytes: number;
}

/** The last good answers of one service, as many as the policy allows; who was asked for longest ago goes first. */
export class Answers {
  #kept: LRUCache<string, KeptAnswer> | undefined;
  readonly #byPath = new Map<string, Set<string>>(); // the keys of those that are kept
  #limits: Limits | undefined;
  readonly #held = new Ring<Scope>();
  readonly #usual: () => Policy | undefined;
  #closed = false;

  /** `usual` gives the settings of calls without a route of their own: how much is kept is not a matter of routes. */
  constructor(usual: () => Policy | undefined = () => undefined) {
    this.#usual = usual;
  }

  /** The answer to requests of this key, while it is usable. */
  get(key: string, now: number): KeptAnswer | undefined {
    const answer = this.#kept?.get(key);
    if (answer === undefined) return undefined;
    const { fresh, revalidate, usable } = answer.lifetime;
    if (now - answer.at < Math.max(fresh, revalidate, usable)) return answer;
    this.#kept!.delete(key);
    return undefined;
  }

  /** The same for who only looks. */
  peek(key: string): KeptAnswer | undefined {
    return this.#kept?.peek(key);
  }

  /** Keeps one; `limits` are those of its call, where the service has none. */
  set(answer: KeptAnswer, limits: Limits): void {
    if (!this.#closed) this.#put(this.#make(this.#usual()?.fallback ?? limits), answer);
  }

  #put(among: LRUCache<string, KeptAnswer>, answer: KeptAnswer): void {
    const { key, path } = answer;
    among.set(key, answer);
    if (among.peek(key) !== answer) return; // it is too large
    const keys = this.#byPath.get(path) ?? new Set();
    this.#byPath.set(path, keys.add(key));
  }

  #gone({ path }: KeptAnswer, key: string): void {
    const keys = this.#byPath.get(path);
    keys?.delete(key);
    if (keys?.size === 0) this.#byPath.delete(path);
  }

  delete(key: string): void {
    this.#kept?.delete(key);
  }

  /** Something has changed at this path: what was said of it before is no more to be given. */
  forget(path: string): void {
    const query = path.indexOf('?');
    for (const one of query < 0 ? [path] : [path, path.slice(0, query)]) {
      for (const key of this.#byPath.get(one) ?? []) this.#kept!.delete(key);
    }
  }

  /** How many bytes an answer may have. */
  most(limits: Limits): number {
    const { bytes } = this.#usual()?.fallback ?? limits;
    return Math.floor(bytes / 4); // one answer must not push all others out
  }

  facts(): AnswersFacts | undefined {
    return this.#kept && { answers: this.#kept.size, bytes: this.#kept.calculatedSize };
  }

  /** Something is asked for that no caller waits for; it ends when the service is let go of. */
  hold(scope: Scope): void {
    if (this.#closed) scope.cancel(closed());
    this.#held.add(scope);
  }

  release(scope: Scope): void {
    this.#held.delete(scope);
  }

  close(): void {
    this.#closed = true;
    for (const scope of this.#held) scope.cancel(closed());
    this.#kept?.clear();
  }

  /** The bounds of a cache are set when it is made; when the policy changes them, what was kept moves on. */
  #make(limits: Limits): LRUCache<string, KeptAnswer> {
    const { entries, bytes } = limits;
    if (this.#kept !== undefined && this.#limits?.entries === entries && this.#limits.bytes === bytes)
      return this.#kept;
    const before = this.#kept;
    this.#limits = limits;
    this.#kept = new LRUCache<string, KeptAnswer>({
      max: entries,
      maxSize: bytes,
      sizeCalculation: ({ kept }, key) => kept.bytes + key.length + OVERHEAD,
      dispose: (answer, key) => this.#gone(answer, key),
    });
    this.#byPath.clear();
    if (before !== undefined) for (const answer of [...before.values()].reverse()) this.#put(this.#kept, answer);
    return this.#kept;
  }
}

const closed = (): MeshError => new MeshError('closed', 'the mesh was closed', { sent: 'maybe' });

/** The same as a sentence. */
export const sayAnswers = ({ answers, bytes }: AnswersFacts): string =>
  `fallback keeps ${answers} ${answers === 1 ? 'answer' : 'answers'} of ${bytes} bytes`;
