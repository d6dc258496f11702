import type { Env } from '../core/env.ts';
import type { Filter } from '../core/service.ts';
import { newSpanId, newTraceId, RANDOM_ID, SAMPLED } from '../wire/trace-context.ts';

/** Sees to it that the call belongs to a trace: the one that led here, or one that begins. */
export function trace<Req, Res>({ random }: Env): Filter<Req, Res> {
  return (next) => (request, context) => {
    const { begin, sample } = context.policy.trace;
    if (context.trace !== undefined || !begin) return next(request, context);
    const flags = sample === 1 || random.next() < sample ? SAMPLED | RANDOM_ID : RANDOM_ID;
    const begun = { traceId: newTraceId(random.bits), parentId: newSpanId(random.bits), flags, state: '' };
    return next(request, { ...context, trace: begun });
  };
}
