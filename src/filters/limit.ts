import type { Context, Landing } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Full, Limits } from '../core/limits.ts';
import { isRefusal, type Outcome } from '../core/outcome.ts';
import { type Follower, Passage } from '../core/passage.ts';
import { roomAt } from '../core/room.ts';
import { ask, type Filter, refuse } from '../core/service.ts';
import { AdaptiveLimit } from '../math/adaptive-limit.ts';
import type { Policy } from '../policy/table.ts';

/**
 * Bounds how many attempts are under way to a service. What finds no room waits, where the policy lets it: the most
 * important first, until its time is up. Once for each attempt, so that retries and hedges count.
 */
export function limit<Req, Res>(env: Env, limits: Limits): Filter<Req, Res> {
  const { admission } = limits;
  const leaving: Follower = { over: () => admission.end() };
  const followerOf = ({ limit: { service, algorithm } }: Policy): Follower =>
    service === 0 || algorithm === 'fixed' ? leaving : new Limited(env, limits, admission.inFlight);
  return (next) => {
    const send = (request: Req, context: Context): Promise<Res> =>
      new Passage(context, followerOf(context.policy)).watch(ask(next, request, context));
    const guard = (request: Req, context: Context): Promise<Res> => {
      const { queue } = context.policy.limit;
      const { priority } = context.history;
      const full = admission.isNext(priority) ? limits.full(context) : 'service';
      if (full === undefined) {
        admission.begin();
        return send(request, context);
      }
      if (queue === 0) return refuse(refusal(env, limits, context, full));
      const entrant = {
        scope: context.scope,
        priority,
        admits: () => limits.full(context) === undefined,
        refusal: () => refusal(env, limits, context, limits.full(context) ?? full),
      };
      return admission.wait(entrant, context.policy.limit, env.clock.now()).then(() => {
        admission.entered();
        return send(request, context);
      });
    };
    return (request, context) => (limitsNothing(context.policy) ? next(request, context) : guard(request, context));
  };
}

/** Learns how many attempts an endpoint can do with, and lets none through that is one too many. */
export function endpointLimit<Req, Res>(env: Env): Filter<Req, Res> {
  const learn: Landing = (outcome, now, { node, at }, context) => {
    const { algorithm, endpoint } = context.policy.limit;
    if (algorithm === 'fixed' || !isTelling(outcome, context)) return;
    node.limit ??= new AdaptiveLimit(env.random.next());
    const answered = { ms: now - at, inFlight: node.inFlight + 1, dropped: isDropped(outcome) };
    node.limit.observe(algorithm, answered, endpoint, now);
  };
  return (next) => (request, context) => {
    if (limitsNoEndpoint(context.policy)) return next(request, context);
    const { limit } = context.policy;
    const { node } = context.flight!;
    if (node.inFlight > roomAt(node, limit, context.history.priority)) return refuse(tooMany(context));
    if (limit.algorithm !== 'fixed') context.flight!.onEnd(learn);
    return next(request, context);
  };
}

/** Whether as many attempts may be under way as there are. */
export const limitsNothing = (policy: Policy): boolean => policy.limit.service === 0 && limitsNoEndpoint(policy);

/** The same, of each endpoint. */
export const limitsNoEndpoint = ({ limit }: Policy): boolean => limit.endpoint === 0;

/** An attempt that was let in, makes room at its end, and teaches how much there is. */
class Limited implements Follower {
  readonly #env: Env;
  readonly #limits: Limits;
  readonly #inFlight: number;
  readonly #at: number;

  constructor(env: Env, limits: Limits, inFlight: number) {
    this.#env = env;
    this.#limits = limits;
    this.#inFlight = inFlight;
    this.#at = env.clock.now();
  }

  over(outcome: Outcome, context: Context): void {
    const { algorithm, service } = context.policy.limit;
    if (algorithm !== 'fixed' && isTelling(outcome, context)) {
      const now = this.#env.clock.now();
      const answered = { ms: now - this.#at, inFlight: this.#inFlight, dropped: isDropped(outcome) };
      this.#limits.learnt.adaptive.observe(algorithm, answered, service, now);
    }
    this.#limits.admission.end();
  }
}

/** Whether an attempt says anything about how much the other side can do with. One that never left does not. */
function isTelling({ is, sent, status }: Outcome, { scope }: Context): boolean {
  if (is !== 'none') return sent !== 'no' || status !== 0;
  return MeshError.is(scope.reason) && scope.reason.reason === 'deadline';
}

/** Whether it was refused, or there was no answer in time. */
const isDropped = (outcome: Outcome): boolean =>
  isRefusal(outcome) || (outcome.status === 0 && outcome.is !== 'success');

function refusal({ events, clock }: Env, limits: Limits, context: Context, full: Full): MeshError {
  const { service, policy, history } = context;
  const { inFlight, queued: waiting } = limits.admission;
  if (events.hears('limit')) {
    const { priority } = history;
    events.emit({ at: clock.epoch(), service, type: 'limit', full, priority, inFlight, waiting }, context);
  }
  if (full === 'endpoints') return tooMany(context);
  const facts = { sent: 'no', service, attempts: history.reports } as const;
  return new MeshError('limit', `${service}: ${inFlight} of ${limits.limit(policy.limit)} calls are under way`, facts);
}

function tooMany({ service, history }: Context): MeshError {
  const facts = { sent: 'no', service, attempts: history.reports } as const;
  return new MeshError('limit', `${service}: every endpoint has as many calls under way as it may`, facts);
}
