import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import type { Filter } from '../core/service.ts';
import { ENVOY_TIMEOUT, formatEnvoyTimeout, formatGrpcTimeout, GRPC_TIMEOUT } from '../wire/deadline.ts';
import { formatTrace, newSpanId } from '../wire/trace-context.ts';

/** Writes what the other side should know into the headers: the trace, and the time that is left. Last of all. */
export function propagate<Res>({ clock, random }: Env): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    const headers: Record<string, string> = { ...call.headers };
    const { trace, deadline } = context.policy.propagate;
    if (trace && context.trace !== undefined && headers.traceparent === undefined) {
      headers.traceparent = formatTrace(context.trace, newSpanId(random.bits)); // a parent of its own for each attempt
      if (context.trace.state !== '') headers.tracestate = context.trace.state;
    }
    if (deadline !== 'off') {
      const left = timeLeft(context, clock.now());
      if (left !== Number.POSITIVE_INFINITY) {
        if (deadline === 'envoy') headers[ENVOY_TIMEOUT] = formatEnvoyTimeout(left);
        else headers[GRPC_TIMEOUT] = formatGrpcTimeout(left);
      }
    }
    return next({ ...call, headers }, context);
  };
}

/** Milliseconds that the other side has: what is left of the call, or of the attempt where that is less. */
export const timeLeft = ({ deadline, policy, attemptAt }: Context, now: number): number =>
  Math.min(deadline, attemptAt + policy.attempt.timeout) - now;
