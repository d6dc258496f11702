import { Admission, SHARES, shareOf } from '../core/admission.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { LearntLimit } from '../core/learnt-limit.ts';
import type { Priority } from '../core/priority.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';
import { type EventLoop, MeasuredEventLoop } from './event-loop.ts';
import { Turns } from './turns.ts';

/** The share of its time from which on the event loop is busy; below, that it was held up once means nothing. */
const BUSY = 0.8;
/** How many times longer it may be held up once, while it is not busy. */
const BURST = 10;

/** What is being served, and how much may be: what `shed` keeps between requests. */
export class Shedding {
  readonly admission: Admission;
  /** Where those wait who are let in while the event loop is late. */
  readonly turns: Turns;
  readonly #env: Env;
  readonly #loop: EventLoop;
  /** The limit, where it is learnt. */
  readonly learnt: LearntLimit;

  constructor(env: Env, loop: EventLoop = new MeasuredEventLoop(), turns = new Turns(env.clock)) {
    this.#env = env;
    this.turns = turns;
    this.learnt = new LearntLimit(env);
    this.#loop = loop;
    this.admission = new Admission(env.timeouts);
  }

  /** How many may be served at once, as it stands. */
  limit({ algorithm, limit }: Policy['shed'], priority?: Priority): number {
    return this.learnt.of(algorithm, limit, priority);
  }

  /** Why there is no room for a request: empty when there is. */
  full({ policy: { shed }, history: { priority } }: Context): string {
    const { inFlight } = this.admission;
    return inFlight >= shareOf(this.limit(shed, priority), priority) ? `${inFlight} requests are being served` : '';
  }

  /** Why a request would begin too late, though there is room for it: empty when it would not. */
  late({ policy: { shed }, history: { priority } }: Context): string {
    const lateMs = shed.lag === Number.POSITIVE_INFINITY ? 0 : this.#tooLateMs(shed.lag, priority);
    return lateMs === 0 ? '' : `the event loop is late by ${formatDuration(Math.max(1, Math.round(lateMs)))}`;
  }

  /**
   * Whether who is let in has to wait for its turn to begin, so that all that has come is read first. While the event loop
   * has time enough nobody has.
   */
  inTurn({ lag }: Policy['shed']): boolean {
    if (lag === Number.POSITIVE_INFINITY) return false;
    const now = this.#env.clock.now();
    return this.turns.waiting > 0 || this.#loop.heldMs(now) >= lag || this.#loop.utilization(now) >= BUSY;
  }

  /**
   * By how much a request would begin too late, where that is too much: for how long the turn has been held up, and those
   * who wait are going to. What is sheddable minds the turn before, too.
   */
  #tooLateMs(lag: number, priority: Priority): number {
    const now = this.#env.clock.now();
    const aheadMs = this.#loop.heldMs(now) + this.turns.aheadMs;
    const beforeMs = priority === 'sheddable' ? Math.max(this.#loop.heldBeforeMs, this.turns.lastMs) : 0;
    const lateMs = Math.max(aheadMs, beforeMs);
    const mayMs = lag * SHARES[priority] ** 3;
    if (lateMs < mayMs || (lateMs < mayMs * BURST && this.#loop.utilization(now) < BUSY)) return 0;
    return lateMs;
  }

  /** How it stands, as plain JSON. */
  facts(shed: Policy['shed']): SheddingFacts {
    const { inFlight, queued } = this.admission;
    return {
      mode: shed.mode,
      serving: inFlight,
      waiting: queued,
      limit: this.learnt.peek(shed.algorithm, shed.limit),
      utilization: shed.lag === Number.POSITIVE_INFINITY ? null : this.#loop.utilization(this.#env.clock.now()),
    };
  }
}

/** How many requests are served here, and how many may be. */
export interface SheddingFacts {
  /** As the policy has it. */
  readonly mode: Policy['shed']['mode'];
  /** Requests being served; 0 while `shed` is off, which counts none. */
  readonly serving: number;
  /** Requests that wait for their turn. */
  readonly waiting: number;
  /** How many may be served at once, as it stands. */
  readonly limit: number;
  /** The share of its time that the event loop works; null where the policy does not ask. */
  readonly utilization: number | null;
}

/** The same as a sentence; none while `shed` is off. */
export const sayShedding = ({ mode, serving, waiting, limit }: SheddingFacts): string[] =>
  mode === 'off' ? [] : [`shed: ${serving} requests served of ${limit} at most, ${waiting} waiting`];
