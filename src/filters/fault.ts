import { mayAsk } from '../core/asker.ts';
import type { Call } from '../core/call.ts';
import { callHeader } from '../core/call-header.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { nothing, refuses, type SlotPlan, waits } from '../core/plan.ts';
import { type Filter, refuse } from '../core/service.ts';
import { sleep } from '../core/sleep.ts';
import { formatDuration } from '../policy/duration.ts';
import type { Policy } from '../policy/table.ts';
import { type AskedFault, readAskedFault } from '../wire/fault.ts';

/** Delays calls and breaks calls off, by chance or because somebody who may asks for it. Each is drawn apart (gRFC A33). */
export function fault<Res>(env: Env, self: string): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    if (injectsNothing(context.policy)) return next(call, context);
    const { delay, delayShare, abortShare, callers } = context.policy.fault;
    const { random } = env;
    const asked = askedFor(call, context, callers, self);
    const wait =
      random.next() < (asked?.delayMs === undefined ? delayShare : asked.delayShare) ? (asked?.delayMs ?? delay) : 0;
    const aborts = random.next() < (asked?.abort === undefined ? abortShare : asked.abortShare);
    if (wait === 0 && !aborts) return next(call, context);
    tell(env, context, wait, aborts);
    if (wait === 0) return refuse(broken(context));
    return sleep(env.clock, wait, context.scope).then(() => (aborts ? refuse(broken(context)) : next(call, context)));
  };
}

/** Whether calls go as they should, whoever asks. */
export const injectsNothing = ({ fault: { delayShare, abortShare, callers } }: Policy): boolean =>
  delayShare === 0 && abortShare === 0 && callers.length === 0;

/** What calls have to reckon with, as a sentence; nothing where all go as they should. */
export function sayFault({ fault: { delay, delayShare, abortShare } }: Policy): string | undefined {
  const delayed = delayShare > 0 && delay > 0 ? `${percent(delayShare)} delayed by ${formatDuration(delay)}` : '';
  const aborted = abortShare > 0 ? `${percent(abortShare)} broken off` : '';
  const both = [delayed, aborted].filter((one) => one !== '').join(', ');
  return both === '' ? undefined : `fault: of the calls ${both}, on purpose`;
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))} %`;

function askedFor(
  call: Call<unknown>,
  context: Context,
  callers: readonly string[],
  self: string,
): AskedFault | undefined {
  return mayAsk(callers, context, self) ? readAskedFault((name) => callHeader(call, name)) : undefined;
}

function tell({ clock, events }: Env, context: Context, delayMs: number, aborted: boolean): void {
  if (events.hears('injected')) {
    const { service, route = '' } = context;
    events.emit({ at: clock.epoch(), type: 'injected', service, route, delayMs, aborted }, context);
  }
}

const broken = ({ service }: Context): MeshError =>
  new MeshError('fault', `${service}: broken off on purpose`, { sent: 'no', service });

/** What it would do to a call, for who only looks: shares, where chance decides. At most a delay and an abort. */
export function planFault(call: Call<unknown>, context: Context, self: string): readonly SlotPlan[] {
  const { delay, delayShare, abortShare, callers } = context.policy.fault;
  const asked = askedFor(call, context, callers, self);
  const wait = asked?.delayMs ?? delay;
  const waiting = wait === 0 ? 0 : asked?.delayMs === undefined ? delayShare : asked.delayShare;
  const aborting = asked?.abort === undefined ? abortShare : asked.abortShare;
  const why = (is: boolean): string => (is ? 'on purpose, as it asks for itself' : 'on purpose');
  const plans: SlotPlan[] = [];
  if (waiting > 0) {
    const said = `delayed by ${formatDuration(wait)} ${why(asked?.delayMs !== undefined)}`;
    plans.push(waits('fault', said, wait, waiting));
  }
  if (aborting > 0) plans.push(refuses('fault', `broken off ${why(asked?.abort !== undefined)}`, 0, aborting));
  return plans.length > 0 ? plans : [nothing('fault', 'off')];
}
