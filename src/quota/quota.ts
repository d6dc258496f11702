import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { judge, judgeError } from '../core/judge.ts';
import { answerOf, headerOf } from '../core/outcome.ts';
import type { CancelListener } from '../core/scope.ts';
import { ask, type Filter, refuse } from '../core/service.ts';
import { sleep } from '../core/sleep.ts';
import type { Pace } from '../math/pace.ts';
import type { Policy } from '../policy/table.ts';
import { readQuotaLeft } from '../wire/rate-limit.ts';
import type { Quotas } from './quotas.ts';

/** Keeps calls within how much may be asked for over time: refuses, or lets each wait for its turn. */
export function quota<Res>(env: Env, quotas: Quotas): Filter<Call<Res>, Res> {
  return (next) => {
    const go = (call: Call<Res>, context: Context, pace: Pace | undefined): Promise<Res> =>
      pace === undefined ? next(call, context) : new PacedCall(env, pace, context).watch(ask(next, call, context));
    return (call, context) => {
      if (rationsNothing(context.policy)) return next(call, context);
      const now = context.history.fresh ? context.begunAt : env.clock.now();
      const pace = context.policy.quota.pace === 'off' ? undefined : quotas.pace(context);
      const wait = quotas.admit(context, pace, now);
      if (typeof wait !== 'number') return refuse(wait);
      if (wait === 0) return go(call, context, pace);
      return sleep(env.clock, wait, context.scope).then(
        () => go(call, context, pace),
        (reason) => {
          pace?.drop(); // called off while it waited
          throw reason;
        },
      );
    };
  };
}

/** Whether calls may be as many as they like. */
export const rationsNothing = ({ quota }: Policy): boolean => quota.calls.length === 0 && quota.pace === 'off';

/** A call that has gone, until its answer says what is left, or it is called off. Then it counts as under way no more. */
class PacedCall {
  readonly #env: Env;
  readonly #pace: Pace;
  readonly #context: Context;
  #ended = false;

  constructor(env: Env, pace: Pace, context: Context) {
    this.#env = env;
    this.#pace = pace;
    this.#context = context;
    pace.go();
    context.scope.onCancel(this satisfies CancelListener);
  }

  /** Looks at an answer without standing in its way: gives back the very promise. */
  watch<Res>(answer: Promise<Res>): Promise<Res> {
    answer.then(
      (value) => this.#learn(value, judge(this.#context, value).status),
      (error) => this.#learn(answerOf(error), judgeError(this.#context, error).status),
    );
    return answer;
  }

  calledOff(): void {
    this.#end();
  }

  #learn(answer: unknown, status: number): void {
    if (this.#ended) return;
    this.#end();
    const { clock } = this.#env;
    const said = readQuotaLeft((name) => headerOf(answer, name), status, clock.epoch());
    if (said !== undefined) this.#pace.learn(said.left, said.resetMs, clock.now());
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#context.scope.offCancel(this);
    this.#pace.end();
  }
}
