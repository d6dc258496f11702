import { SHARES } from '../core/admission.ts';
import type { Context, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { judge, judgeError } from '../core/judge.ts';
import { isRefusal, type Outcome } from '../core/outcome.ts';
import { nothing, passes, refuses, type SlotPlan } from '../core/plan.ts';
import type { Priority } from '../core/priority.ts';
import { type Filter, refuse } from '../core/service.ts';
import type { Throttling } from '../math/throttling.ts';
import type { Policy } from '../policy/table.ts';

/**
 * What is not made counts as asked for, and is never accepted. Who may ask for no more than is accepted would go on being
 * held back by what was held back, for ever; so a quarter more may always be asked for, which in a minute or two is all.
 */
const LEAST_RATIO = 1.25;

/**
 * Does not make a share of the calls while the other side refuses many: to refuse costs it something, too. Every attempt
 * counts; what is being tried again is left to the retry budget.
 */
export function throttle<Req, Res>(env: Env, throttling: Throttling): Filter<Req, Res> {
  const { clock, random } = env;
  return (next) => (request, context) => {
    const { policy, history } = context;
    if (throttlesNothing(policy)) return next(request, context);
    const now = history.fresh ? context.begunAt : clock.now();
    const share = history.attempts > 0 ? 0 : shareFor(history.priority, policy.throttle, throttling, now);
    if (share > 0 && random.next() < share) {
      tell(env, context, share);
      if (policy.throttle.mode === 'enforce') {
        throttling.count(false, now);
        return refuse(tooMuch(context, share));
      }
    }
    const answer = next(request, context);
    const learn = (outcome: Outcome): void => {
      if (outcome.is !== 'none' && isAnswered(outcome)) throttling.count(!isRefusal(outcome), clock.now());
    };
    answer.then(
      (value) => learn(judge(context, value)),
      (error) => learn(judgeError(context, error)),
    );
    return answer;
  };
}

/** Whether every call is made, however many are refused. */
export const throttlesNothing = ({ throttle }: Policy): boolean => throttle.mode === 'off';

const shareFor = (
  priority: Priority,
  { ratio, most }: Policy['throttle'],
  throttling: Throttling,
  now: number,
): number => throttling.share(Math.max(LEAST_RATIO, ratio * SHARES[priority]), most, now);

/** Which share of calls is not made, and why. */
export interface ThrottleFacts {
  /** Attempts that came to an answer within 10 s, and calls that were not made. */
  readonly requests: number;
  /** Those of them that were not refused. */
  readonly accepted: number;
  /** The share of calls of the usual priority that is not made, or would not be. */
  readonly share: number;
}

/** How it stands; nothing where the policy has all calls made. */
export function throttleFacts(
  policy: Policy['throttle'],
  throttling: Throttling,
  now: number,
): ThrottleFacts | undefined {
  if (policy.mode === 'off') return undefined;
  return { ...throttling.counts(now), share: shareFor('default', policy, throttling, now) };
}

/** The same as a sentence. */
export const sayThrottle = ({ requests, accepted, share }: ThrottleFacts): string =>
  `throttle: ${accepted} of ${requests} were accepted within 10s, ${percent(share)} of the calls are not made`;

/** Whether the other side said anything. What found nobody says nothing about how much it accepts. */
const isAnswered = ({ status, sent }: Outcome): boolean => status !== 0 || sent === 'yes';

function tell({ events, clock }: Env, context: Context, share: number): void {
  if (!events.hears('throttle')) return;
  const { service, policy, history } = context;
  const enforced = policy.throttle.mode === 'enforce';
  const facts = { at: clock.epoch(), service, priority: history.priority, share, enforced };
  events.emit({ ...facts, type: 'throttle' }, context);
}

function tooMuch({ service, history }: { service: string; history: History }, share: number): MeshError {
  const facts = { sent: 'no', service, attempts: history.reports } as const;
  return new MeshError(
    'throttle',
    `${service}: it refuses so much that ${percent(share)} of calls are not made`,
    facts,
  );
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** What it would say of a call now, for who only looks. */
export function planThrottle({ policy, history }: Context, throttling: Throttling, now: number): SlotPlan {
  const { mode } = policy.throttle;
  if (mode === 'off') return nothing('throttle', 'off');
  const { requests, accepted } = throttling.counts(now);
  const share = shareFor(history.priority, policy.throttle, throttling, now);
  const counts = `${accepted} of ${requests} were accepted within 10s`;
  if (share === 0) return passes('throttle', counts);
  const why = `${counts}, so ${percent(share)} of the calls are not made`;
  return mode === 'observe' ? nothing('throttle', `only observed: ${why}`) : refuses('throttle', why, 0, share);
}
