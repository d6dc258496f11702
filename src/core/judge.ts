import type { Policy } from '../policy/table.ts';
import type { Context } from './context.ts';
import { MeshError } from './errors.ts';
import { type Classify, type Outcome, outcomeOf, outcomeOfError } from './outcome.ts';
import { quiet } from './quiet.ts';

const CALLED_OFF: Outcome = { is: 'none', why: 'called off', sent: 'maybe', status: 0, retryAfter: undefined };

/** What became of an attempt that returned `value`. Judged once, however many filters ask. */
export function judge(context: Context, value: unknown): Outcome {
  const { history, classify, policy } = context;
  if (history.outcome !== undefined && history.settled === value) return history.outcome;
  const usual = outcomeOf(value, policy.outcome.failing.has);
  return remember(context, value, withOwn(usual, classify, { value }));
}

/** What became of an attempt that threw `error`. Judged once, however many filters ask. */
export function judgeError(context: Context, error: unknown): Outcome {
  const { history, classify, policy, scope } = context;
  if (history.outcome !== undefined && history.settled === error) return history.outcome;
  // Once called off, whatever the client throws is our own doing.
  const reason = scope.cancelled ? scope.reason : error;
  if (scope.cancelled && !MeshError.is(reason)) return remember(context, error, CALLED_OFF);
  const usual = outcomeOfError(reason, policy.outcome.failing.has);
  return remember(context, error, MeshError.is(reason) ? usual : withOwn(usual, classify, { error }));
}

/** Where the caller's own judgement differs, it stands for itself: what the policy says of statuses is not asked. */
function withOwn(usual: Outcome, classify: Classify | undefined, settled: Parameters<Classify>[0]): Outcome {
  const is = classify === undefined ? undefined : verdictOf(classify, settled);
  return is === undefined || is === usual.is ? usual : { ...usual, is, status: 0 };
}

function verdictOf(classify: Classify, settled: Parameters<Classify>[0]): ReturnType<Classify> {
  try {
    const is = classify(settled);
    quiet(is); // one that is `async` judges too late
    return is === 'success' || is === 'failure' || is === 'none' ? is : undefined;
  } catch {
    return undefined; // a slip of the judge must cost no call its answer
  }
}

function remember({ history }: Context, settled: unknown, outcome: Outcome): Outcome {
  history.settled = settled;
  history.outcome = outcome;
  return outcome;
}

/** Whether nothing better is to be hoped for: it succeeded, and the policy would not try it again. */
export const isGood = ({ is, status }: Outcome, { retry }: Policy): boolean =>
  is === 'success' && !retry.on.has(status);
