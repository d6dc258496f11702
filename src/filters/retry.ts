import type { Call } from '../core/call.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { judge, judgeError } from '../core/judge.ts';
import { discard, isNack, type Outcome } from '../core/outcome.ts';
import type { Filter } from '../core/service.ts';
import { sleep } from '../core/sleep.ts';
import { backoff } from '../math/backoff.ts';
import { RetryBudget } from '../math/retry-budget.ts';
import { parseRetryAfter } from '../wire/retry-after.ts';

/** Tries again what is safe to send again, within the attempts, the time and the budget there are. */
export function retry<Res>(env: Env, budget: RetryBudget = new RetryBudget()): Filter<Call<Res>, Res> {
  return (next) => {
    const attempt = (call: Call<Res>, context: Context): Promise<Res> => {
      const answer = next(call, context);
      return answer.then(
        (value) => {
          const wait = waitFor(env, context, judge(context, value), budget);
          if (wait === undefined) return value;
          discard(value); // nobody will read it, and the next attempt may need its connection
          return again(call, context, wait);
        },
        (error) => {
          const wait = waitFor(env, context, judgeError(context, error), budget);
          if (wait !== undefined) return again(call, context, wait);
          tellAttempts(error, context);
          return answer; // as it came: throwing the error once more would cost twice as much
        },
      );
    };
    const again = async (call: Call<Res>, context: Context, wait: number): Promise<Res> => {
      await sleep(env.clock, wait, context.scope); // rejects when the time is up
      const own = copy(context);
      own.attempt = Math.max(own.attempt, own.history.attempts) + 1; // a hedge is an attempt too
      return attempt(call, own);
    };
    return (call, context) => {
      budget.deposit(context.begunAt);
      return attempt(call, context);
    };
  };
}

/** Milliseconds until the next attempt; undefined when there is to be none. */
function waitFor(env: Env, context: Context, outcome: Outcome, budget: RetryBudget): number | undefined {
  const { attempt, history, policy, scope, service } = context;
  const isFine = outcome.is === 'success' && !policy.retry.statuses.has(outcome.status);
  const isOver = outcome.is === 'none' || Math.max(attempt, history.attempts) >= policy.retry.attempts || scope.cancelled;
  if (isFine || isOver) return undefined;
  const { clock, random, events } = env;
  const asked = parseRetryAfter(outcome.retryAfter, clock.epoch());
  if (!isSafe(outcome, context, asked)) return undefined;
  const { backoff: base, maxBackoff, budget: share, perSecond } = policy.retry;
  const waitMs = asked ?? backoff(base, maxBackoff, attempt, random.next());
  const now = clock.now();
  if (now + waitMs >= scope.due) return undefined;
  const granted = budget.withdraw(share, perSecond, now);
  if (events.hears(granted ? 'retry' : 'retry-budget')) {
    const facts = { at: clock.epoch(), service, attempt, why: outcome.why };
    events.emit(granted ? { ...facts, type: 'retry', waitMs } : { ...facts, type: 'retry-budget' });
  }
  return granted ? waitMs : undefined;
}

/** Whether sending it again can do no harm: it never left, or it is idempotent and the answer invites it. */
function isSafe(outcome: Outcome, context: Context, asked: number | undefined): boolean {
  if (isNack(outcome)) return context.replayable; // nothing was done with it, but a stream is gone
  if (outcome.sent === 'no') return true;
  if (!context.idempotent || !context.replayable) return false;
  if (outcome.status === 0) return outcome.is === 'failure';
  return context.policy.retry.statuses.has(outcome.status) && (outcome.status !== 429 || asked !== undefined);
}

/** An error of our own tells the whole story; anybody else's is the caller's, and stays as it is. */
function tellAttempts(error: unknown, { history }: Context): void {
  if (MeshError.is(error) && error.attempts.length === 0) error.attempts = history.reports;
}
