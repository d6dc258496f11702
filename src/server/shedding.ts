import { Admission, SHARES, shareOf } from '../core/admission.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { LearntLimit } from '../core/learnt-limit.ts';
import type { Priority } from '../core/priority.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';
import { type EventLoop, MeasuredEventLoop } from './event-loop.ts';

/** The share of its time from which on the event loop is busy; below, that it was held up once means nothing. */
const BUSY = 0.8;
/** How many times longer it may be held up once, while it is not busy. */
const BURST = 10;

/** What is being served, and how much may be: what `shed` keeps between requests. */
export class Shedding {
  readonly admission: Admission;
  readonly #env: Env;
  readonly #loop: EventLoop;
  /** The limit, where it is learnt. */
  readonly learnt: LearntLimit;

  constructor(env: Env, loop: EventLoop = new MeasuredEventLoop()) {
    this.#env = env;
    this.learnt = new LearntLimit(env);
    this.#loop = loop;
    this.admission = new Admission(env.timeouts);
  }

  /** How many may be served at once, as it stands. */
  limit({ algorithm, limit }: Policy['shed'], priority?: Priority): number {
    return this.learnt.of(algorithm, limit, priority);
  }

  /** Why a request is not let in: empty when it is. */
  problem({ policy: { shed }, history: { priority } }: Context): string {
    const { inFlight } = this.admission;
    if (inFlight >= shareOf(this.limit(shed, priority), priority)) return `${inFlight} requests are being served`;
    const heldMs = shed.lag === Number.POSITIVE_INFINITY ? 0 : this.#tooLongMs(shed.lag, priority);
    return heldMs === 0 ? '' : `the event loop has been held up for ${formatDuration(Math.max(1, Math.round(heldMs)))}`;
  }

  /** For how long the event loop has been held up, where that is too long. What is sheddable minds the turn before, too. */
  #tooLongMs(lag: number, priority: Priority): number {
    const now = this.#env.clock.now();
    const turnMs = this.#loop.heldMs(now);
    const heldMs = priority === 'sheddable' ? Math.max(turnMs, this.#loop.heldBeforeMs) : turnMs;
    const mayMs = lag * SHARES[priority] ** 3;
    if (heldMs < mayMs || (heldMs < mayMs * BURST && this.#loop.utilization(now) < BUSY)) return 0;
    return heldMs;
  }

  /** How it stands, as plain JSON. */
  facts(shed: Policy['shed']): SheddingFacts {
    const { inFlight, queued } = this.admission;
    return {
      mode: shed.mode,
      serving: inFlight,
      waiting: queued,
      limit: this.limit(shed),
      utilization: shed.lag === Number.POSITIVE_INFINITY ? null : this.#loop.utilization(this.#env.clock.now()),
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
  /** The share of its time that the event loop works; null where the policy does not ask. */
  readonly utilization: number | null;
}

/** The same as a sentence; none while `shed` is off. */
export const sayShedding = ({ mode, serving, waiting, limit }: SheddingFacts): string[] =>
  mode === 'off' ? [] : [`shed: ${serving} requests served of ${limit} at most, ${waiting} waiting`];
