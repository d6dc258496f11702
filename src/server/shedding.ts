import { Admission, SHARES, shareOf } from '../core/admission.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { AdaptiveLimit } from '../math/adaptive-limit.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';
import { type EventLoop, MeasuredEventLoop } from './event-loop.ts';

/** The share of its time from which on the event loop is busy; below, that it was late once means nothing. */
const BUSY = 0.8;

/** What is being served, and how much may be: what `shed` keeps between requests. */
export class Shedding {
  readonly admission: Admission;
  readonly #env: Env;
  readonly #loop: EventLoop;
  #adaptive: AdaptiveLimit | undefined;

  constructor(env: Env, loop: EventLoop = new MeasuredEventLoop(env.clock)) {
    this.#env = env;
    this.#loop = loop;
    this.admission = new Admission(env.timeouts);
  }

  /** What learns the limit; made when a policy first asks for it. */
  get adaptive(): AdaptiveLimit {
    this.#adaptive ??= new AdaptiveLimit(this.#env.random.next());
    return this.#adaptive;
  }

  /** How many may be served at once, as it stands. */
  limit({ algorithm, limit }: Policy['shed']): number {
    return algorithm === 'fixed' ? limit : this.adaptive.limit(limit);
  }

  /** Why a request is not let in: empty when it is. Who is served by nobody else is let in however late it is. */
  problem({ policy: { shed }, history: { priority } }: Context): string {
    const { inFlight } = this.admission;
    if (inFlight >= shareOf(this.limit(shed), priority)) return `${inFlight} requests are being served`;
    if (shed.lag === Number.POSITIVE_INFINITY || inFlight === 0) return '';
    const now = this.#env.clock.now();
    const lagMs = this.#loop.lagMs(now);
    if (lagMs < shed.lag * SHARES[priority] || this.#loop.utilization(now) < BUSY) return '';
    return `the event loop is ${formatDuration(Math.round(lagMs))} late`;
  }

  /** How it stands, as plain JSON. */
  facts(shed: Policy['shed']): SheddingFacts {
    const { inFlight, queued } = this.admission;
    const watches = shed.lag !== Number.POSITIVE_INFINITY;
    return {
      mode: shed.mode,
      serving: inFlight,
      waiting: queued,
      limit: this.limit(shed),
      lagMs: watches ? Math.round(this.#loop.lagMs(this.#env.clock.now())) : null,
    };
  }
}

/** How many requests are served here, and how many may be. */
export interface SheddingFacts {
  readonly mode: Policy['shed']['mode'];
  /** Requests being served; 0 while `shed` is off, which counts none. */
  readonly serving: number;
  readonly waiting: number;
  /** How many may be served at once, as it stands. */
  readonly limit: number;
  /** By how much the event loop is late; null where the policy does not ask. */
  readonly lagMs: number | null;
}
