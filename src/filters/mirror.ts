import type { Call } from '../core/call.ts';
import { type Context, copy, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { judge, judgeError } from '../core/judge.ts';
import type { Mirrors } from '../core/mirrors.ts';
import { discard, type Outcome } from '../core/outcome.ts';
import { nothing, type SlotPlan, sends } from '../core/plan.ts';
import { race } from '../core/race.ts';
import type { Reach } from '../core/reach.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Filter, type Service } from '../core/service.ts';
import type { Policy } from '../policy/table.ts';

/** Tells who gets a copy whose call it is one of. */
const MIRROR_HEADER = 'x-inmesh-mirror';

/** Makes some calls to another service as well, after they are on their way, and gives nobody what comes of it. */
export function mirror<Res>(env: Env, mirrors: Mirrors, reach: Reach): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    if (copiesNothing(context.policy) || !context.replayable) return next(call, context);
    const { share, most } = context.policy.mirror;
    const answer = ask(next, call, context); // first of all: nothing that follows holds it up
    if (share < 1 && env.random.next() >= share) return answer;
    if (mirrors.admits(most)) compare(env, context, answer, begin(env, mirrors, reach, call, context));
    return answer;
  };
}

/** Whether nobody gets a copy. */
export const copiesNothing = ({ mirror }: Policy): boolean => mirror.to === '';

/** What became of one, and how long it took. */
interface Settled {
  readonly outcome: Outcome | undefined;
  readonly ms: number;
}

/** Sends the copy on its way. Never rejects, and settles when the copy is over or its time is up. */
async function begin<Res>(
  env: Env,
  mirrors: Mirrors,
  reach: Reach,
  call: Call<Res>,
  context: Context,
): Promise<Settled> {
  const { clock } = env;
  const own = copy(context);
  const now = clock.now();
  try {
    const { to } = context.policy.mirror;
    const reached = reach(to, call as Call<unknown>);
    const { trace, baggage, requestId } = context.history;
    own.service = to;
    own.policy = reached.policy;
    own.route = reached.route;
    own.scope = new Scope();
    own.begunAt = now;
    own.history = new History(trace, 'sheddable', baggage, requestId); // of the two it is the one to be shed
    mirrors.begin(env, own);
    const copied = { ...call, headers: { ...call.headers, [MIRROR_HEADER]: context.service }, fallback: undefined };
    const way = reached.below('mirror') as unknown as Service<Call<Res>, Res>;
    const value = await race(ask(way, copied, own), own.scope);
    const outcome = judge(own, value);
    discard(value);
    mirrors.end(own.scope, outcome.is === 'failure');
    return { outcome, ms: clock.now() - now };
  } catch (error) {
    mirrors.end(own.scope, true);
    return { outcome: judgeError(own, error), ms: clock.now() - now };
  }
}

/** Tells of both when both are over. */
function compare(env: Env, context: Context, answer: Promise<unknown>, copied: Promise<Settled>): void {
  const { clock, events } = env;
  if (!events.hears('mirror')) return;
  const primary = answer.then(
    (value) => settled(env, context, judge(context, value)),
    (error) => settled(env, context, judgeError(context, error)),
  );
  void Promise.all([primary, copied]).then(([one, other]) => {
    const { service, route = '', policy } = context;
    events.emit({
      at: clock.epoch(),
      type: 'mirror',
      service,
      route,
      to: policy.mirror.to,
      outcome: one.outcome?.is ?? 'none',
      why: one.outcome?.why ?? '',
      ms: one.ms,
      copyOutcome: other.outcome?.is ?? 'none',
      copyWhy: other.outcome?.why ?? '',
      copyMs: other.ms,
    });
  });
}

const settled = ({ clock }: Env, { begunAt }: Context, outcome: Outcome): Settled => ({
  outcome,
  ms: clock.now() - begunAt,
});

/** What it would do with a call, for who only looks. */
export function planMirror({ policy: { mirror }, replayable }: Context, underWay: number): SlotPlan {
  const { to, share, most } = mirror;
  if (to === '' || share === 0) return nothing('mirror', 'off');
  if (!replayable) return nothing('mirror', 'what can not be sent twice is not copied');
  if (underWay >= most) return nothing('mirror', `not copied to ${to}: as many copies are under way as may be`);
  return sends('mirror', `copied to ${to}, for nobody`, share);
}
