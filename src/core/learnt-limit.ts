import { AdaptiveLimit, START } from '../math/adaptive-limit.ts';
import type { Policy } from '../policy/table.ts';
import type { Env } from './env.ts';
import type { Priority } from './priority.ts';

/** A limit that is a number, or is learnt below that number, as the policy says at the time. */
export class LearntLimit {
  readonly #env: Env;
  #adaptive: AdaptiveLimit | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  /** What learns it; made when a policy first asks for it. */
  get adaptive(): AdaptiveLimit {
    this.#adaptive ??= new AdaptiveLimit(this.#env.random.next());
    return this.#adaptive;
  }

  /** The same for who only looks: where nothing was learnt yet, nothing begins to be. */
  peek(algorithm: Policy['limit']['algorithm'], most: number, priority?: Priority): number {
    if (algorithm === 'fixed' || this.#adaptive !== undefined) return this.of(algorithm, most, priority);
    return Math.min(most, START);
  }

  /** The limit as it stands, `most` at most. What is critical is not kept out to measure it. */
  of(algorithm: Policy['limit']['algorithm'], most: number, priority?: Priority): number {
    if (algorithm === 'fixed') return most;
    return priority === 'critical' ? this.adaptive.learnt(most, algorithm) : this.adaptive.limit(most, algorithm);
  }
}
