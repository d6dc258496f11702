import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Cancel } from '../core/live.ts';
import { follow } from '../core/scope.ts';
import { ask } from '../core/service.ts';
import type { Watch } from '../core/watch.ts';
import { calledOff } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { CallUnderWay } from './under-way.ts';

/** Starts a call on its way. A filter that throws at once fails like one that rejects. */
export function begin(way: Cluster, call: Call<unknown>, context: Context): Promise<unknown> {
  context.history.fresh = true;
  const answer = ask(way.call, call, context);
  context.history.fresh = false;
  return answer;
}

/** Starts a call that somebody looks at. Apart from the others, which so need no function of their own. */
export function beginWatched(
  watch: Watch,
  way: Cluster,
  call: Call<unknown>,
  context: Context,
  underWay: CallUnderWay,
): Promise<unknown> {
  const run = () => underWay.end(begin(way, call, context));
  return watch.call(call, context, () => way.resolution, run);
}

/** Calls a call off when the signal of its caller aborts. Gives back the way to stop. */
export const followed = (context: Context, signal: AbortSignal): Cancel =>
  follow(signal, context.scope, () => calledOff(context, signal));
