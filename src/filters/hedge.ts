import type { Call } from '../core/call.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { isGood, judge, judgeError } from '../core/judge.ts';
import type { Node } from '../core/node.ts';
import { discard, type Outcome } from '../core/outcome.ts';
import { nothing, passes, type SlotPlan, sends } from '../core/plan.ts';
import { type CancelListener, Scope } from '../core/scope.ts';
import { ask, type Filter, type Service } from '../core/service.ts';
import type { Timeout } from '../core/timeouts.ts';
import type { HedgeFacts, Hedges } from '../math/hedges.ts';
import type { RetryBudget } from '../math/retry-budget.ts';
import type { Policy } from '../policy/table.ts';

/** What hedging needs of a service called. */
export interface HedgeParts {
  readonly env: Env;
  /** Shared with `retry`: whatever makes more of a call draws on it. */
  readonly budget: RetryBudget;
  readonly hedges: Hedges;
  /** Whether there is an endpoint for such a call besides those. */
  readonly isOther: (context: Context, tried: readonly Node[]) => boolean;
}

/**
 * Sends a request that takes long to a second endpoint as well. The first good answer wins, and whoever loses is called
 * off. After the backup requests of Finagle: the delay is learnt, and the load it adds has a budget.
 */
export function hedge<Res>(parts: HedgeParts): Filter<Call<Res>, Res> {
  return (next) => (call, context) => {
    if (sendsOnce(context.policy)) return next(call, context);
    if (!context.idempotent || !context.replayable || context.scope.cancelled) return next(call, context);
    return new Promise((resolve, reject) => new Hedged(parts, next, call, context, resolve, reject).begin());
  };
}

/** Whether an attempt is never sent to a second endpoint as well. */
export const sendsOnce = ({ hedge }: Policy): boolean => hedge.mode === 'off';

/** One request on its way, perhaps to two endpoints. */
class Hedged<Res> {
  readonly #parts: HedgeParts;
  readonly #next: Service<Call<Res>, Res>;
  readonly #call: Call<Res>;
  readonly #context: Context;
  readonly #resolve: (value: Res) => void;
  readonly #reject: (error: unknown) => void;
  readonly #at: number;
  #delay = Number.POSITIVE_INFINITY;
  #first: Scope | undefined; // each until it has ended
  #second: Scope | undefined;
  #timer: Timeout | undefined;
  #over = false;

  constructor(
    parts: HedgeParts,
    next: Service<Call<Res>, Res>,
    call: Call<Res>,
    context: Context,
    resolve: (value: Res) => void,
    reject: (error: unknown) => void,
  ) {
    this.#parts = parts;
    this.#next = next;
    this.#call = call;
    this.#context = context;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#at = context.history.fresh ? context.begunAt : parts.env.clock.now();
  }

  begin(): void {
    const { env, hedges } = this.#parts;
    const { scope, policy } = this.#context;
    hedges.count(this.#at);
    this.#delay = hedges.delay(policy.hedge, this.#at) ?? Number.POSITIVE_INFINITY;
    scope.onCancel(this satisfies CancelListener);
    const isFork = policy.hedge.mode === 'fork';
    if (!isFork && this.#at + this.#delay < scope.due && this.#delay !== Number.POSITIVE_INFINITY) {
      this.#timer = env.timeouts.at(this.#at + this.#delay, again, this);
    }
    this.#first = new Scope(scope.due);
    const own = copy(this.#context);
    own.scope = this.#first;
    this.#send(own);
    if (isFork) this.again();
  }

  /** The whole call is over. */
  calledOff(reason: unknown): void {
    this.#end(reason);
    this.#reject(reason);
  }

  #send(own: Context): void {
    ask(this.#next, this.#call, own).then(
      (value) => {
        if (this.#over) return; // whoever keeps account of the attempt lets go of its answer
        const outcome = judge(this.#context, value);
        const isLast = this.#ended(own.scope, outcome);
        if (!isLast && !isGood(outcome, this.#context.policy) && outcome.is !== 'none') return discard(value);
        this.#win(value, outcome);
        this.#resolve(value);
      },
      (error) => {
        if (this.#over) return;
        const outcome = judgeError(this.#context, error);
        if (!this.#ended(own.scope, outcome) && !isGood(outcome, this.#context.policy)) return;
        this.#win(error, outcome);
        this.#reject(error);
      },
    );
  }

  /** One of them has ended. Says whether it was the last: then what it came to stands, good or bad. */
  #ended(scope: Scope, { is }: Outcome): boolean {
    scope.end();
    if (scope !== this.#first) this.#second = undefined;
    else {
      this.#learn(is === 'success');
      this.#first = undefined;
    }
    return this.#first === undefined && this.#second === undefined;
  }

  /** The time is up: sends it a second time, if there is another endpoint and the budgets allow it. */
  again(): void {
    const { env } = this.#parts;
    const { history, policy, service, attempt } = this.#context;
    const { last } = history;
    if (last === undefined) return; // it waits for endpoints
    const tried = [...history.tried, last];
    if (!this.#parts.isOther(this.#context, tried)) return; // it was at all
    const now = env.clock.now();
    const granted = policy.hedge.mode === 'fork' || this.#pay(now);
    if (env.events.hears(granted ? 'hedge' : 'hedge-budget')) {
      const facts = { at: env.clock.epoch(), service, attempt, afterMs: now - this.#at };
      env.events.emit({ ...facts, type: granted ? 'hedge' : 'hedge-budget' }, this.#context);
    }
    if (!granted) return;
    history.tried = tried; // where one is under way, a second has no business
    this.#second = new Scope(this.#context.scope.due);
    const own = copy(this.#context);
    own.scope = this.#second;
    own.attempt = history.attempts + 1;
    this.#send(own);
  }

  /** Takes it from both budgets, or from neither. */
  #pay(now: number): boolean {
    const { budget, hedges } = this.#parts;
    const { retry, hedge } = this.#context.policy;
    const { budget: share, perSecond } = retry;
    return (
      budget.balance(share, perSecond, now) >= 1 &&
      hedges.take(hedge.budget, now) &&
      budget.withdraw(share, perSecond, now)
    );
  }

  /** This is what the call comes to. Whoever is asked again what became of it need not judge again. */
  #win(settled: unknown, outcome: Outcome): void {
    const { history, service } = this.#context;
    const isAlone = this.#first === undefined && this.#second === undefined;
    this.#end(
      isAlone ? undefined : new MeshError('hedge', `${service}: another attempt answered first`, { sent: 'maybe' }),
    );
    history.settled = settled;
    history.outcome = outcome;
  }

  #end(reason: unknown): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#context.scope.offCancel(this);
    if (this.#first !== undefined) this.#learn(false);
    this.#first?.cancel(reason);
    this.#second?.cancel(reason);
  }

  /** Only first requests teach: of these the policy's share takes longer. One that was called off would have, still. */
  #learn(isWhole: boolean): void {
    const now = this.#parts.env.clock.now();
    const ms = now - this.#at;
    if (isWhole || ms > this.#delay) this.#parts.hedges.learn(this.#context.policy.hedge, ms, now);
  }
}

const again = (one: { again(): void }): void => one.again();

/** When a request is sent a second time, as a sentence. */
export function sayHedge({ afterMs, answers }: HedgeFacts): string {
  if (afterMs === null) return `hedge not yet: ${answers} answers are too few to know which of them take long`;
  const why = answers === 0 ? 'as the policy says' : `which few of ${answers} answers took`;
  return `hedge after ${Number(afterMs.toFixed(1))} ms, ${why}`;
}

/** Whether a call would be sent a second time when it takes long, for who only looks. */
export function planHedge(
  { policy, idempotent, replayable }: Context,
  hedges: Hedges,
  isOther: boolean,
  now: number,
): SlotPlan {
  const { hedge } = policy;
  const facts = hedges.facts(hedge, now);
  if (facts === undefined) return nothing('hedge', 'off');
  if (!replayable) return nothing('hedge', 'what can not be sent twice is not');
  if (!idempotent) return nothing('hedge', 'not idempotent');
  if (!isOther) return nothing('hedge', 'there is no second endpoint');
  if (facts.afterMs === null) return nothing('hedge', sayHedge(facts));
  return hedge.mode === 'fork' ? sends('hedge', 'to a second endpoint at once') : passes('hedge', sayHedge(facts));
}
