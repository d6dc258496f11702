import type { Env } from '../core/env.ts';
import type { Filter } from '../core/service.ts';
import { newTraceId, newTraceIdPrefix, RANDOM_ID, SAMPLED, type Trace } from '../wire/trace-context.ts';

/** Sees to it that the call belongs to a trace: the one that led here, or one that begins. */
export function trace<Req, Res>({ random }: Env): Filter<Req, Res> {
  const prefix = newTraceIdPrefix(random.bits);
  const begin = (flags: number) => (): Trace => {
    return { traceId: newTraceId(prefix, random.bits), parentId: undefined, flags, state: '' };
  };
  const [sampled, unsampled] = [begin(SAMPLED | RANDOM_ID), begin(RANDOM_ID)];
  return (next) => (request, context) => {
    const { history, policy } = context;
    const { begin: mayBegin, sample } = policy.trace;
    if (history.trace !== undefined || !mayBegin) return next(request, context);
    history.beginTrace(sample === 1 || random.next() < sample ? sampled : unsampled);
    return next(request, context);
  };
}
