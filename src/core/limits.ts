import type { Policy } from '../policy/table.ts';
import { Admission, shareOf } from './admission.ts';
import type { Context } from './context.ts';
import type { Env } from './env.ts';
import { LearntLimit } from './learnt-limit.ts';
import { nothing, passes, refuses, type SlotPlan, waits } from './plan.ts';
import type { Priority } from './priority.ts';

/** Whether so many more attempts find an endpoint that is not full. */
export type RoomFor = (attempts: number, context: Context) => boolean;

/** What is under way to one service and who waits to be: what `limit` keeps between calls. */
export class Limits {
  readonly admission: Admission;
  /** The limit of the whole service. */
  readonly learnt: LearntLimit;
  readonly #roomFor: RoomFor;

  /** `freed` is told who is to hear of calls that end, and when nobody is; calls that no policy limits take up room, too. */
  constructor(env: Env, roomFor: RoomFor, freed: (heard: (() => void) | undefined) => void = () => {}) {
    this.learnt = new LearntLimit(env);
    this.#roomFor = roomFor;
    const look = () => this.admission.look();
    this.admission = new Admission(env.timeouts, (somebody) => freed(somebody ? look : undefined));
  }

  /** How many attempts may be under way to the whole service, as it stands. */
  limit({ service, algorithm }: Policy['limit'], priority?: Priority): number {
    return this.learnt.of(algorithm, service, priority);
  }

  /** What is full: nothing when one more may go. */
  full(context: Context): Full | undefined {
    const { limit } = context.policy;
    const { inFlight, entering } = this.admission;
    const { priority } = context.history;
    if (limit.service > 0 && inFlight >= shareOf(this.limit(limit, priority), priority)) return 'service';
    return limit.endpoint > 0 && !this.#roomFor(entering + 1, context) ? 'endpoints' : undefined;
  }

  /** What the limit would say of an attempt now, for who only looks. */
  plan({ policy: { limit }, history: { priority } }: Context, isRoom: boolean): SlotPlan {
    if (limit.service === 0 && limit.endpoint === 0) return nothing('limit', 'off');
    const { inFlight, queued } = this.admission;
    const most = shareOf(this.learnt.peek(limit.algorithm, limit.service, priority), priority);
    const ofMost = limit.service === 0 ? `${inFlight} under way` : `${inFlight} of ${most} under way`;
    const isFull = limit.service > 0 && inFlight >= most;
    if (!isFull && isRoom && this.admission.isNext(priority)) return passes('limit', ofMost);
    const why = isFull || isRoom ? ofMost : 'every endpoint has as many calls under way as it may';
    if (!this.admission.mayWait(priority, limit)) return refuses('limit', why);
    const before = queued === 0 ? 'nobody waits before it' : `${queued} wait already`;
    return waits('limit', `${why}: it waits for room, ${before}`, 0);
  }

  /** How it stands, as plain JSON; nothing where the policy limits nothing. */
  facts(policy: Policy['limit']): LimitFacts | undefined {
    if (policy.service === 0 && policy.endpoint === 0) return undefined;
    const { inFlight, queued } = this.admission;
    return {
      inFlight,
      waiting: queued,
      limit: policy.service === 0 ? null : this.learnt.peek(policy.algorithm, policy.service),
    };
  }
}

/** What has no room: the service as a whole, or each of its endpoints. */
export type Full = 'service' | 'endpoints';

/** How many attempts are under way to a service, and how many may be. */
export interface LimitFacts {
  /** Attempts under way. */
  readonly inFlight: number;
  /** Calls that wait for room. */
  readonly waiting: number;
  /** How many may be under way, as it stands; null where only endpoints are limited. */
  readonly limit: number | null;
}

/** The same as a sentence. */
export function sayLimit({ inFlight, waiting, limit }: LimitFacts): string {
  return `limit: ${inFlight} under way${limit === null ? '' : ` of ${limit}`}, ${waiting} waiting`;
}
