import type { Call } from '../core/call.ts';
import { type Context, copy, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { isGood, judge, judgeError } from '../core/judge.ts';
import type { Live } from '../core/live.ts';
import type { Node } from '../core/node.ts';
import { discard } from '../core/outcome.ts';
import { nothing, passes, type SlotPlan, sends } from '../core/plan.ts';
import { race } from '../core/race.ts';
import { awaiting, type Resolution } from '../core/resolution.ts';
import { Scope } from '../core/scope.ts';
import { ask, type Filter, type Service } from '../core/service.ts';
import type { Policy } from '../policy/table.ts';
import { dueOf } from './deadline.ts';

/** What strategies need of a service called. */
export interface StrategyParts {
  readonly env: Env;
  readonly nodes: Iterable<Node>;
  /** What is known of where it lives; nothing where that does not change. */
  readonly known: Live<Resolution> | undefined;
}

/**
 * Does with a call what one word says, as the clusters of Dubbo do. `failover` is what the slots below do anyway;
 * `failsafe` and `failback` are kinds of falling back, and `fallback` looks after them.
 */
export function strategy<Res>(parts: StrategyParts): Filter<Call<Res>, Res> {
  const { known } = parts;
  const untilKnown = known && whileTime(parts.env, known);
  return (next) => (call, context) => {
    if (changesNothing(context.policy)) return next(call, context);
    const { mode } = context.policy.strategy;
    if (mode === 'failfast' || mode === 'forking') return next(call, withPolicy(context, settingsOf(context.policy)));
    if (untilKnown === undefined || known?.value.is !== 'pending') return broadcast(parts, next, call, context);
    return untilKnown(context).then(() => broadcast(parts, next, call, context));
  };
}

/**
 * Waits until it is known where the service lives, or the time of the call is up: this slot stands above that of the
 * deadline, which then says so, and below which a fallback may answer.
 */
function whileTime({ clock, timeouts }: Env, known: Live<Resolution>): (context: Context) => Promise<void> {
  const untilKnown = awaiting(clock, known);
  return async (context) => {
    const { scope, history, begunAt } = context;
    const due = dueOf(context);
    if (due <= begunAt) return;
    const wait = new Scope();
    const pass = (reason: unknown): void => wait.cancel(reason);
    scope.onCancel(pass);
    wait.keep(timeouts.at(due, pass, undefined));
    try {
      await untilKnown({ history, scope: wait });
    } catch (reason) {
      if (scope.cancelled) throw reason;
    } finally {
      wait.end();
      scope.offCancel(pass);
    }
  };
}

/** Whether a strategy is none of this filter's. */
export const changesNothing = ({ strategy: { mode } }: Policy): boolean =>
  mode !== 'failfast' && mode !== 'forking' && mode !== 'broadcast';

const overlaid = new WeakMap<Policy, Policy>();

/** The policy as the strategy has it. Made once for each: policies do not change. */
function settingsOf(policy: Policy): Policy {
  let own = overlaid.get(policy);
  if (own === undefined) {
    const { retry, hedge, strategy } = policy;
    own =
      strategy.mode === 'failfast'
        ? { ...policy, retry: { ...retry, attempts: 1 }, hedge: { ...hedge, mode: 'off' } }
        : { ...policy, hedge: { ...hedge, mode: 'fork' } };
    overlaid.set(policy, own);
  }
  return own;
}

/** What it would do with a call, and the settings that the slots below get, for who only looks. */
export function planStrategy({ policy, replayable }: Context): { readonly plan: SlotPlan; readonly policy: Policy } {
  const { mode } = policy.strategy;
  if (mode === 'failover') return { plan: nothing('strategy', mode), policy };
  if (mode === 'failfast')
    return { plan: passes('strategy', `${mode}: one attempt, and no second`), policy: settingsOf(policy) };
  if (mode === 'forking')
    return { plan: sends('strategy', `${mode}: to two endpoints at once`), policy: settingsOf(policy) };
  if (mode !== 'broadcast') return { plan: passes('strategy', `${mode}: see fallback`), policy };
  const why = replayable ? 'to every endpoint, each as a call of its own' : 'what can not be sent twice goes to one';
  return { plan: sends('strategy', `${mode}: ${why}`), policy: replayable ? alone(policy) : policy };
}

/** The settings of each of those that a broadcast makes of a call. */
const alone = (policy: Policy): Policy => ({
  ...policy,
  hedge: { ...policy.hedge, mode: 'off' },
  collapse: { ...policy.collapse, mode: 'off' },
});

function withPolicy(context: Context, policy: Policy): Context {
  const own = copy(context);
  own.policy = policy;
  return own;
}

type Settled<Res> = { readonly good: boolean } & ({ readonly value: Res } | { readonly error: unknown });

/** Sends a call to every endpoint at once, each as a call of its own. Comes to the first good answer, if they are enough. */
async function broadcast<Res>(
  { env, nodes }: StrategyParts,
  next: Service<Call<Res>, Res>,
  call: Call<Res>,
  context: Context,
): Promise<Res> {
  const { service, policy } = context;
  const targets = context.replayable ? [...nodes].filter(({ endpoint }) => endpoint.weight > 0) : [];
  if (targets.length === 0) return next(call, context); // which says what is wrong; or goes to one, being a stream
  const settled = await Promise.all(targets.map((target) => sendTo(target, next, call, context)));
  const good = settled.filter((one) => one.good);
  const { events, clock } = env;
  if (events.hears('broadcast')) {
    const counts = { endpoints: settled.length, well: good.length };
    events.emit({ at: clock.epoch(), type: 'broadcast', service, ...counts });
  }
  const isEnough = good.length > 0 && good.length >= policy.strategy.enough * settled.length;
  const chosen = isEnough ? good[0]! : settled.find((one) => !one.good)!;
  const isOver = context.scope.cancelled; // nobody waits for what it would have come to
  for (const one of settled) if ((isOver || one !== chosen) && 'value' in one) discard(one.value);
  if ('error' in chosen) throw chosen.error;
  return chosen.value;
}

/** Sends it to one endpoint, retries and all, in a scope and with a history of its own. Never rejects. */
async function sendTo<Res>(
  target: Node,
  next: Service<Call<Res>, Res>,
  call: Call<Res>,
  context: Context,
): Promise<Settled<Res>> {
  const { scope, history, policy } = context;
  const own = copy(context);
  const { trace, priority, baggage, requestId, principal, serving, watched } = history;
  own.history = Object.assign(new History(trace, priority, baggage, requestId), {
    principal,
    serving,
    watched,
    target,
  });
  own.policy = alone(policy);
  const inner = new Scope(scope.due);
  own.scope = inner;
  history.attempts++; // as good as sent, whoever asks
  const over = (): void => {
    history.attempts += own.history.attempts - 1;
    history.reports = [...history.reports, ...own.history.reports];
  };
  const pass = (reason: unknown): void => {
    inner.cancel(reason);
    over();
  };
  scope.onCancel(pass);
  const settled = await race(ask(next, call, own), inner).then(
    (value): Settled<Res> => ({ good: isGood(judge(own, value), policy), value }),
    (error): Settled<Res> => ({ good: isGood(judgeError(own, error), policy), error }),
  );
  if (scope.cancelled) return settled;
  inner.end();
  scope.offCancel(pass);
  over();
  return settled;
}
