import { planCollapse } from '../answers/collapse.ts';
import { planFallback } from '../answers/plan-fallback.ts';
import { isSecond } from '../balancer/room.ts';
import type { View } from '../balancer/view.ts';
import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Identity } from '../core/identity.ts';
import { nothing, passes, refuses, type SlotPlan, unasked } from '../core/plan.ts';
import { planAuthenticate } from '../filters/authenticate.ts';
import type { DeadlinePlan } from '../filters/deadline.ts';
import { planFault } from '../filters/fault.ts';
import { planHedge } from '../filters/hedge.ts';
import { planMirror } from '../filters/mirror.ts';
import { planRetry } from '../filters/retry.ts';
import { planStrategy } from '../filters/strategy.ts';
import { planThrottle } from '../filters/throttle.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';
import type { Parts } from './parts.ts';

/** What is to be known to say what the slots of a service would do with a call. */
export interface Planning {
  readonly call: Call<unknown>;
  readonly context: Context;
  readonly parts: Parts;
  readonly deadline: DeadlinePlan;
  readonly self: string;
  readonly identity: Identity | undefined;
  readonly now: number;
  /** What the balancer sees for such calls, and whether any of it has room for one more. */
  readonly view: View;
  readonly isRoom: boolean;
  /** Whether the policy has settings for the route of the call. */
  readonly named: boolean;
}

type Planner = (planning: Planning) => SlotPlan | readonly SlotPlan[];

/** The slots above the balancer, but for `route`, where ways may part. */
const CLUSTER: Readonly<Record<string, Planner>> = {
  trace: ({ context }) => planTrace(context),
  strategy: ({ context }) => planStrategy(context).plan,
  fallback: ({ parts, call, context, now }) => planFallback(parts.answers, call, context, now),
  deadline: ({ deadline }) => sayDeadline(deadline),
  collapse: ({ parts, call, context }) => planCollapse(parts.shared, call, context),
  fault: ({ call, context, self }) => planFault(call, context, self),
  mirror: ({ parts, context }) => planMirror(context, parts.mirrors.facts(context.policy.mirror.to)?.underWay ?? 0),
  authenticate: ({ call, context, identity }) => planAuthenticate(call, context, identity),
  quota: ({ parts, context, now }) => parts.quotas.plan(context, now),
  circuit: ({ parts, context, now, named }) => parts.circuits.plan(context, now, named),
  retry: ({ parts, context, now }) => planRetry(context, parts.budget, now),
  health: ({ context: { policy } }) => planHealth(policy),
  hedge: ({ parts, context, now, view }) => planHedge(context, parts.hedges, isSecond(view, context.policy), now),
  throttle: ({ parts, context, now }) => planThrottle(context, parts.throttling, now),
  limit: ({ parts, context, isRoom }) => parts.limits.plan(context, isRoom),
};

/** Those below it. */
const ENDPOINT: Readonly<Record<string, Planner>> = {
  limit: ({ context: { policy } }) => planEndpointLimit(policy),
  outlier: ({ context: { policy } }) => planOutlier(policy),
  attempt: ({ context }) => planAttempt(context),
  propagate: ({ context }) => planPropagate(context),
};

/** What the slots of those names would do, in their order. */
export const planSlots = (names: readonly string[], planning: Planning, below = false): readonly SlotPlan[] =>
  names.flatMap((name) => {
    const planners = below ? ENDPOINT : CLUSTER;
    return Object.hasOwn(planners, name) ? planners[name]!(planning) : unasked(name);
  });

function planTrace({ history, policy }: Context): SlotPlan {
  if (history.trace !== undefined) return passes('trace', `goes on with the trace ${history.trace.traceId}`);
  return policy.trace.begin ? passes('trace', 'begins a trace') : nothing('trace', 'no trace led here');
}

const WHOSE = {
  inherited: 'what is left of the request being served',
  policy: 'as the policy says',
  call: 'as the call itself says',
} as const;

function sayDeadline({ ms, from }: DeadlinePlan): SlotPlan {
  if (ms <= 0) return refuses('deadline', 'the time of the request being served is up already');
  return passes('deadline', `${formatDuration(Math.round(ms))} for all of it, ${WHOSE[from]}`);
}

function planHealth({ health }: Policy): SlotPlan {
  if (health.check === 'off') return nothing('health', 'off');
  return passes('health', `${health.check} checks go on while there are calls`);
}

function planEndpointLimit({ limit }: Policy): SlotPlan {
  if (limit.endpoint === 0) return nothing('limit', 'off');
  return passes('limit', `${limit.endpoint} at an endpoint at most, ${limit.algorithm}`);
}

function planOutlier({ outlier }: Policy): SlotPlan {
  if (outlier.failures === 0) return nothing('outlier', 'failures in a row leave nobody out');
  const many = outlier.failures === 1 ? 'one failure leaves' : `${outlier.failures} failures in a row leave`;
  return passes('outlier', `${many} an endpoint out for ${formatDuration(outlier.ejection)}`);
}

function planAttempt({ policy, idempotent, replayable }: Context): SlotPlan {
  const { timeout, last, connect } = policy.attempt;
  const connecting = `${formatDuration(connect)} to connect`;
  const isOnly = !idempotent || !replayable || policy.retry.attempts === 1;
  if (timeout === Number.POSITIVE_INFINITY || (!last && isOnly))
    return passes('attempt', `all the time that the call has, ${connecting}`);
  return passes('attempt', `${formatDuration(timeout)} for each, ${connecting}`);
}

function planPropagate({ policy, history }: Context): SlotPlan {
  const { trace, deadline, baggage } = policy.propagate;
  const along = [
    ...(trace && (history.trace !== undefined || policy.trace.begin) ? ['the trace'] : []),
    ...(deadline === 'off' ? [] : [`the deadline (${deadline})`]),
    ...(baggage && (history.baggage.text !== '' || history.priority !== 'default') ? ['baggage'] : []),
    ...(history.requestId === undefined ? [] : ['the request id']),
  ];
  return along.length === 0
    ? nothing('propagate', 'nothing goes along')
    : passes('propagate', `${along.join(', ')} go along`);
}
