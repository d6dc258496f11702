import type { Env } from '../core/env.ts';
import type { MeshEvent } from '../core/events.ts';

type News = Extract<MeshEvent, { type: 'credentials' }>;

/** What news are of. */
export interface ProofNewsOptions extends Pick<News, 'what'> {
  readonly service: string;
  readonly issuer?: string;
  /** How many looks in a row must find something wrong before it is told; 1 unless told. */
  readonly patience?: number;
}

const MOST = 10; // problems told of one fault: each may fail in its own words, and is told once

/**
 * Tells when something that proves who is who can not be used as it is now, and when it can be again. It is looked at over
 * and over: what was told already is not told again before all is well.
 */
export class ProofNews {
  readonly #env: Env;
  readonly #of: Omit<News, 'at' | 'problem'>;
  readonly #patience: number;
  readonly #told = new Set<string>();
  #failures = 0;

  constructor(env: Env, { service, what, issuer = '', patience = 1 }: ProofNewsOptions) {
    this.#env = env;
    this.#of = { type: 'credentials', service, what, issuer };
    this.#patience = patience;
  }

  /** A look has found it wrong. `problem` holds no secret. */
  bad(problem: string): void {
    if (++this.#failures < this.#patience || this.#told.has(problem) || this.#told.size === MOST) return;
    this.#told.add(problem);
    this.#tell(problem);
  }

  /** A look has found it well. */
  good(): void {
    this.#failures = 0;
    if (this.#told.size === 0) return;
    this.#told.clear();
    this.#tell('');
  }

  #tell(problem: string): void {
    const { clock, events } = this.#env;
    events.emit({ at: clock.epoch(), ...this.#of, problem });
  }
}
