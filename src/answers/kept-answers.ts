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
    if (!this.#closed) this.#make(this.#usual()?.fallback ?? limits).set(answer.key, answer);
  }

  delete(key: string): void {
    this.#kept?.delete(key);
  }

  /** Something has changed at this path: what was said of it before is no more to be given. */
  forget(path: string): void {
    if (this.#kept === undefined || this.#kept.size === 0) return;
    const [plain] = path.split('?', 1);
    for (const [key, answer] of this.#kept.entries()) {
      if (answer.path === path || answer.path === plain) this.#kept.delete(key);
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
    });
    if (before !== undefined) for (const [key, answer] of [...before.entries()].reverse()) this.#kept.set(key, answer);
    return this.#kept;
  }
}

const closed = (): MeshError => new MeshError('closed', 'the mesh was closed', { sent: 'maybe' });

/** The same as a sentence. */
export const sayAnswers = ({ answers, bytes }: AnswersFacts): string =>
  `fallback keeps ${answers} ${answers === 1 ? 'answer' : 'answers'} of ${bytes} bytes`;
