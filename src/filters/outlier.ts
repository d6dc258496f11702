import type { Context, Flight, Landing } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { isNack, type Outcome } from '../core/outcome.ts';
import type { Filter } from '../core/service.ts';
import { parseRetryAfter } from '../wire/retry-after.ts';

const OFF = Number.POSITIVE_INFINITY;

/** What an attempt says about its endpoint. */
export type Verdict = 'well' | 'ill' | 'none';

/** Who puts endpoints of one service out of rotation, and lets them in again. */
export interface Judgement {
  /** An attempt has ended with a verdict. */
  land(verdict: Verdict, outcome: Outcome, flight: Flight, now: number, context: Context): void;
  /** Leaves an endpoint alone for so long, since it asked for it or is leaving. */
  rest(ms: number, why: 'asked' | 'leaving', flight: Flight, now: number, context: Context): void;
  /** Nobody is put out any more: who was comes back with its probe, whatever that says. */
  excuse(flight: Flight, now: number, context: Context): void;
}

/** Judges endpoints by what they answer, and leaves out for a while those that keep failing. The picker does the rest. */
export function outlier<Req, Res>({ clock }: Env, judgement: Judgement): Filter<Req, Res> {
  const learn: Landing = (outcome, now, flight, context) => {
    const { outlier, fleet } = context.policy;
    const { ejection } = flight.node;
    const isCounted = outlier.successRate > 0 || fleet.interval !== OFF;
    const isPlain = outcome.retryAfter === undefined && outcome.leaving === undefined;
    const isFine = outcome.is === 'success' && ejection.failures === 0 && ejection.state === 'in';
    if (isFine && isPlain && !isCounted) return; // nearly always
    if (outlier.failures === 0 && !isCounted) judgement.excuse(flight, now, context);
    else if (outcome.leaving) judgement.rest(LEAVING_MS, 'leaving', flight, now, context);
    else if (isNack(outcome)) judgement.land('none', outcome, flight, now, context);
    else {
      const { retryAfter } = outcome;
      const restMs = retryAfter === undefined ? 0 : (parseRetryAfter(retryAfter, clock.epoch()) ?? 0);
      if (restMs > 0) judgement.rest(restMs, 'asked', flight, now, context);
      else judgement.land(verdictOf(outcome, context, now - flight.at), outcome, flight, now, context);
    }
  };
  return (next) => (request, context) => {
    context.flight!.onEnd(learn);
    return next(request, context);
  };
}

const LEAVING_MS = 30_000; // by then it has left the registry, or thought better of it

function verdictOf(outcome: Outcome, context: Context, ms: number): Verdict {
  if (outcome.is === 'success') return 'well';
  return outcome.is === 'failure' || hadItsTime(context, ms) ? 'ill' : 'none';
}

/**
 * Whether the deadline came while this endpoint had at least half of the time we give a call. A caller's hurry says
 * nothing about an endpoint; silence for so long does.
 */
function hadItsTime({ scope, policy }: Context, ms: number): boolean {
  const isDeadline = MeshError.is(scope.reason) && scope.reason.reason === 'deadline';
  return isDeadline && ms >= policy.deadline.timeout / 2;
}
