import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { answers, nothing, passes, type SlotPlan } from '../core/plan.ts';
import type { Filter, Service } from '../core/service.ts';
import type { Policy } from '../policy/table.ts';
import { requestKey } from './request-key.ts';
import { SharedCall } from './shared-call.ts';

/** The requests of one service that are under way and may be shared, and how often one was. */
export class SharedCalls {
  readonly byKey = new Map<string, SharedCall<unknown>>();
  /** Calls that were answered with the answer to another. */
  spared = 0;
}

/** Sends what is asked for several times at once only once. Each who asked reads a copy, and gives up for itself alone. */
export function collapse<Res>(env: Env, shared: SharedCalls): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    const { ignore, waiters } = context.policy.collapse;
    if (collapsesNothing(context.policy) || context.scope.cancelled) return next(call, context);
    const key = keyOf(call, context, ignore);
    if (key === undefined) return next(call, context);
    const known = shared.byKey.get(key) as SharedCall<Res> | undefined;
    if (known === undefined) return begin(shared, next, call, context, key);
    if (known.waiting >= waiters) return next(call, context);
    shared.spared++;
    const answer = known.join(call, context);
    if (env.events.hears('collapse')) {
      const { service } = context;
      env.events.emit({ at: env.clock.epoch(), type: 'collapse', service, waiting: known.waiting });
    }
    return answer;
  };
}

/** Whether the policy has each request sent. */
export const collapsesNothing = ({ collapse }: Policy): boolean => collapse.mode === 'off';

function begin<Res>(
  { byKey }: SharedCalls,
  next: Service<Call<Res>, Res>,
  call: Call<Res>,
  context: Context,
  key: string,
): Promise<Res> {
  const one = new SharedCall(next, call, context, () => byKey.delete(key));
  byKey.set(key, one as SharedCall<unknown>);
  return one.begin();
}

/** A call that matters more than another is not to share its fate. */
function keyOf(call: Call<unknown>, { history }: Context, ignore: readonly string[]): string | undefined {
  const key = requestKey(call, history, ignore);
  return key && `${history.priority} ${key}`;
}

/** What was spared, as a sentence. */
export const sayCollapse = (spared: number): string =>
  `collapse: ${spared} ${spared === 1 ? 'call was' : 'calls were'} answered with the answer to another`;

/** What it would do with a call, for who only looks. */
export function planCollapse(shared: SharedCalls, call: Call<unknown>, context: Context): SlotPlan {
  const { mode, ignore, waiters } = context.policy.collapse;
  if (mode === 'off') return nothing('collapse', 'off');
  const key = keyOf(call, context, ignore);
  if (key === undefined) return nothing('collapse', 'only a GET or HEAD of a client that can share its answer is');
  const known = shared.byKey.get(key);
  if (known === undefined) return passes('collapse', 'nobody asks for the same now');
  if (known.waiting >= waiters) return nothing('collapse', 'as many wait for the same as may');
  return answers('collapse', `it waits for the answer to the same, as ${known.waiting} others do`);
}
