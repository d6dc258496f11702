import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { judge, judgeError } from '../core/judge.ts';
import { discard, type Outcome } from '../core/outcome.ts';
import type { Filter } from '../core/service.ts';
import { sleep } from '../core/sleep.ts';
import { backoff } from '../math/backoff.ts';
import { RetryBudget } from '../math/retry-budget.ts';
import { parseRetryAfter } from '../wire/retry-after.ts';

/** Tries again what is safe to send again, within the attempts, the time and the budget there are. */
export function retry<Res>(env: Env, budget: RetryBudget = new RetryBudget()): Filter<Call<Res>, Res> {
  const { clock } = env;
  return (next) => async (call, context) => {
    budget.deposit(clock.now());
    for (let attempt = 1; ; attempt++) {
      const trying = attempt === 1 ? context : { ...context, attempt };
      let value: Res;
      let wait: number | undefined;
      try {
        value = await next(call, trying);
        wait = waitFor(env, trying, judge(trying, value), budget);
        if (wait === undefined) return value;
        discard(value); // nobody will read it, and the next attempt may need its connection
      } catch (error) {
        wait = waitFor(env, trying, judgeError(trying, error), budget);
        if (wait === undefined) throw withAttempts(error, context);
      }
      if (wait > 0) await sleep(clock, wait, context.scope);
    }
  };
}

/** Milliseconds until the next attempt; undefined when there is to be none. */
function waitFor(env: Env, context: Context, outcome: Outcome, budget: RetryBudget): number | undefined {
  const { attempt, policy, deadline, scope, service } = context;
  const { clock, random, events } = env;
  if (attempt >= policy.retry.attempts || scope.cancelled) return undefined;
  if (outcome.is === 'success' && !policy.retry.statuses.has(outcome.status)) return undefined;
  const asked = parseRetryAfter(outcome.retryAfter, clock.epoch());
  if (!isSafe(outcome, context, asked)) return undefined;
  const { backoff: base, maxBackoff, budget: share, perSecond } = policy.retry;
  const waitMs = asked ?? backoff(base, maxBackoff, attempt, random.next());
  const now = clock.now();
  if (now + waitMs >= deadline) return undefined;
  const granted = budget.withdraw(share, perSecond, now);
  if (events.heard) {
    const facts = { at: clock.epoch(), service, attempt, why: outcome.why };
    events.emit(granted ? { ...facts, type: 'retry', waitMs } : { ...facts, type: 'retry-budget' });
  }
  return granted ? waitMs : undefined;
}

/** Whether sending it again can do no harm: it never left, or it is idempotent and the answer invites it. */
function isSafe(outcome: Outcome, context: Context, asked: number | undefined): boolean {
  if (outcome.is === 'none') return false;
  if (outcome.sent === 'no') return true;
  if (!context.idempotent || !context.replayable) return false;
  if (outcome.status === 0) return outcome.is === 'failure';
  return context.policy.retry.statuses.has(outcome.status) && (outcome.status !== 429 || asked !== undefined);
}

/** An error of our own tells the whole story; anybody else's is the caller's, and stays as it is. */
function withAttempts(error: unknown, { history }: Context): unknown {
  if (MeshError.is(error) && error.attempts.length === 0) error.attempts = history.reports;
  return error;
}
