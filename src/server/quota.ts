import { race } from '../core/race.ts';
import { type Filter, refuse } from '../core/service.ts';
import type { Arrival } from './arrival.ts';
import type { RequestQuotas } from './request-quotas.ts';

/** Refuses who asks for more than its quota, and says when there will be room; of one handler, where that is named. */
export function quota<Res>(quotas: RequestQuotas, handler?: string): Filter<Arrival, Res> {
  return (next) => (arrival, context) => {
    if (context.policy.quota.requests.length === 0) return next(arrival, context);
    const verdict = quotas.admit(arrival, context, handler);
    if (verdict === undefined) return next(arrival, context);
    if (!(verdict instanceof Promise)) return refuse(verdict);
    return race(verdict, context.scope).then((refusal) =>
      refusal === undefined ? next(arrival, context) : refuse(refusal),
    );
  };
}
