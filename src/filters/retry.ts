import type { Call } from '../core/call.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { type AttemptReport, MeshError, type NextReport } from '../core/errors.ts';
import { grpcPushbackOf, grpcStatusOf } from '../core/grpc.ts';
import { judge, judgeError } from '../core/judge.ts';
import { discard, isNack, type Outcome } from '../core/outcome.ts';
import { nothing, passes, type SlotPlan } from '../core/plan.ts';
import type { Filter } from '../core/service.ts';
import { sleep } from '../core/sleep.ts';
import { backoff } from '../math/backoff.ts';
import { micros } from '../math/micros.ts';
import { RetryBudget } from '../math/retry-budget.ts';
import type { RetryConditions } from '../policy/retry-conditions.ts';
import { parseRetryAfter } from '../wire/retry-after.ts';

/** Tries again what is safe to send again, within the attempts, the time and the budget there are. */
export function retry<Res>(env: Env, budget: RetryBudget = new RetryBudget()): Filter<Call<Res>, Res> {
  return (next) => {
    const attempt = (call: Call<Res>, context: Context): Promise<Res> => {
      const answer = next(call, context);
      return answer.then(
        (value) => {
          const wait = waitFor(env, context, value, judge(context, value), budget);
          if (wait === undefined) return value;
          discard(value); // nobody will read it, and the next attempt may need its connection
          return again(call, context, wait);
        },
        (error) => {
          const wait = waitFor(env, context, error, judgeError(context, error), budget);
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
function waitFor(
  env: Env,
  context: Context,
  settled: unknown,
  outcome: Outcome,
  budget: RetryBudget,
): number | undefined {
  const { policy, scope } = context;
  const { on } = policy.retry;
  const isFine = outcome.is === 'success' && on.grpc === 0 && !on.has(outcome.status);
  if (isFine || outcome.is === 'none' || scope.cancelled) return undefined;
  const refuse = (is: NextReport['is']): undefined => note(context, budget, is);
  if (outcome.final) {
    spent(context);
    return refuse('final');
  }
  if (policy.retry.attempts === 1) return refuse('attempts');
  const asked = askedFor(env, settled, outcome, on);
  if (asked === 'never' || !isInvited(settled, outcome, on, asked)) return refuse('policy');
  if (!isSafe(outcome, context)) return refuse(context.replayable ? 'unsafe' : 'unrepeatable');
  return granted(env, context, outcome, asked, budget);
}

/** Milliseconds until the next attempt, where there is an attempt, time and budget left for it. */
function granted(
  env: Env,
  context: Context,
  { why }: Outcome,
  asked: number | undefined,
  budget: RetryBudget,
): number | undefined {
  const { clock, random, events } = env;
  const { attempt, history, policy, scope, service } = context;
  const { attempts, backoff: base, maxBackoff, budget: share, perSecond } = policy.retry;
  if (Math.max(attempt, history.attempts) >= attempts) {
    spent(context);
    return note(context, budget, 'attempts');
  }
  const waitMs = asked ?? backoff(base, maxBackoff, attempt, random.next());
  const now = clock.now();
  if (now + waitMs >= scope.due) return note(context, budget, 'deadline');
  const left = budget.balance(share, perSecond, now);
  const granted = budget.withdraw(share, perSecond, now);
  const report = undecided(context);
  if (report)
    report.next = { is: granted ? 'retry' : 'budget', waitMs: granted ? micros(waitMs) : 0, budget: whole(left) };
  if (events.hears(granted ? 'retry' : 'retry-budget')) {
    const facts = { at: clock.epoch(), service, attempt, why, left: whole(left) };
    events.emit(granted ? { ...facts, type: 'retry', waitMs } : { ...facts, type: 'retry-budget' }, context);
  }
  return granted ? waitMs : spent(context);
}

/** All was tried that may be: whoever called us for this should not have it tried again, or it would multiply. */
function spent({ history }: Context): undefined {
  history.serving?.retriesSpent();
}

/** Notes why it is not tried again. */
function note(context: Context, budget: RetryBudget, is: NextReport['is']): undefined {
  const report = undecided(context);
  if (report === undefined) return;
  const { budget: share, perSecond } = context.policy.retry;
  const now = context.begunAt + report.beganMs + report.ms; // it has ended just now
  report.next = { is, waitMs: 0, budget: whole(budget.balance(share, perSecond, now)) };
}

/** A report that says all but what was decided after. */
type Undecided = AttemptReport & { next?: NextReport };

/** That of the attempt that is decided after, until that is noted: the last that came to something. A refusal is none. */
function undecided({ history: { reports } }: Context): Undecided | undefined {
  for (let at = reports.length - 1; at >= 0; at--) {
    const report = reports[at]!;
    if (report.outcome !== 'none') return report.next === undefined ? report : undefined;
  }
  return undefined;
}

const whole = (retries: number): number => Math.max(0, Math.floor(retries));

/** How long the other side asks to wait. */
function askedFor(
  { clock }: Env,
  settled: unknown,
  { retryAfter }: Outcome,
  { grpc }: RetryConditions,
): number | 'never' | undefined {
  const pushback = grpc === 0 ? undefined : grpcPushbackOf(settled);
  return pushback ?? (retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, clock.epoch()));
}

/** Whether the policy says to try again after this. */
function isInvited(settled: unknown, outcome: Outcome, on: RetryConditions, asked: number | undefined): boolean {
  if (outcome.sent === 'no') return isNack(outcome) ? on.refused : on.connect;
  const grpc = on.grpc === 0 ? undefined : grpcStatusOf(settled);
  if (grpc !== undefined && grpc !== 0) return on.hasGrpc(grpc);
  if (outcome.status === 0) return outcome.is === 'failure' && on.reset;
  return on.has(outcome.status) && (outcome.status !== 429 || asked !== undefined);
}

/** Whether sending it again can do no harm: it never left, nothing was done with it, or it is idempotent. */
function isSafe(outcome: Outcome, { idempotent, replayable }: Context): boolean {
  if (outcome.sent === 'no') return replayable || !isNack(outcome); // of what was refused, a stream is gone
  return idempotent && replayable;
}

/** An error of our own tells the whole story; anybody else's is the caller's, and stays as it is. */
function tellAttempts(error: unknown, { history }: Context): void {
  if (MeshError.is(error) && error.attempts.length === 0) error.attempts = history.reports;
}

/** How often a call may be tried, and what speaks for and against a second time, for who only looks. */
export function planRetry({ policy, idempotent, replayable }: Context, budget: RetryBudget, now: number): SlotPlan {
  const { attempts, on, budget: share, perSecond } = policy.retry;
  if (attempts === 1) return nothing('retry', 'the policy allows one attempt');
  const left = whole(budget.balance(share, perSecond, now));
  const count = `${attempts} attempts at most, ${left} ${left === 1 ? 'retry' : 'retries'} left`;
  if (!replayable)
    return passes('retry', `what can not be sent twice: tried again only where nothing was sent; ${count}`);
  if (idempotent)
    return passes('retry', `tried again after any failure that the policy names (${on.toJSON().join(', ')}); ${count}`);
  return passes('retry', `not idempotent: tried again only where nothing was sent; ${count}`);
}
