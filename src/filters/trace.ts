import type { Env } from '../core/env.ts';
import type { Filter } from '../core/service.ts';
import { newTraceId, newTraceIdPrefix, RANDOM_ID, SAMPLED } from '../wire/trace-context.ts';

/** Sees to it that the call belongs to a trace: the one that led here, or one that begins. */
export function trace<Req, Res>({ random }: Env): Filter<Req, Res> {
  const prefix = newTraceIdPrefix(random.bits);
  return (next) => (request, context) => {
    const { history, policy } = context;
    const { begin, sample } = policy.trace;
    if (history.trace !== undefined || !begin) return next(request, context);
    const flags = sample === 1 || random.next() < sample ? SAMPLED | RANDOM_ID : RANDOM_ID;
    history.trace = { traceId: newTraceId(prefix, random.bits), parentId: undefined, flags, state: '' };
    return next(request, context);
  };
}
