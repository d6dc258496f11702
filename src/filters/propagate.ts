import { type Call, NO_HEADERS } from '../core/call.ts';
import type { Env } from '../core/env.ts';
import type { Filter } from '../core/service.ts';
import { ENVOY_TIMEOUT, formatEnvoyTimeout, formatGrpcTimeout, GRPC_TIMEOUT } from '../wire/deadline.ts';
import { formatSpan, formatTrace, newSpanIdPrefix } from '../wire/trace-context.ts';

/** Writes what the other side should know into the headers: the trace, and the time that is left. Last of all. */
export function propagate<Res>({ random }: Env): Filter<Call<Res>, Res> {
  const prefix = newSpanIdPrefix(random.bits);
  return (next) => (call, context) => {
    const headers: Record<string, string> = call.headers === NO_HEADERS ? {} : { ...call.headers };
    const { trace, deadline } = context.policy.propagate;
    const span = context.flight!.trace;
    const known = span ?? context.history.trace;
    if (trace && known !== undefined && headers.traceparent === undefined) {
      // A parent of its own for each attempt: the span that records it, where there is one.
      headers.traceparent = span === undefined ? formatTrace(known, prefix, random.bits) : formatSpan(span);
      if (known.state !== '') headers.tracestate = known.state;
    }
    if (deadline !== 'off') {
      const left = context.scope.due - context.flight!.at;
      if (left !== Number.POSITIVE_INFINITY) {
        if (deadline === 'envoy') headers[ENVOY_TIMEOUT] = formatEnvoyTimeout(left);
        else headers[GRPC_TIMEOUT] = formatGrpcTimeout(left);
      }
    }
    return next({ send: call.send, method: call.method, path: call.path, headers }, context);
  };
}
