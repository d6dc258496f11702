import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { ask, type Filter, refuse } from '../core/service.ts';
import type { Arrival } from './arrival.ts';
import { Shedding } from './shedding.ts';

const RETRY_AFTER_MS = 1_000; // for clients that know no nack; those that do go elsewhere at once

/**
 * Refuses requests while too many are being served, before they cost anything; so those that are served end in time. The
 * least important are refused first.
 */
export function shed<Res>(env: Env, shedding: Shedding = new Shedding(env)): Filter<Arrival, Res> {
  const { clock } = env;
  const { admission, turns } = shedding;
  return (next) => {
    const serve = (arrival: Arrival, context: Context, inFlight: number): Promise<Res> => {
      const at = context.policy.shed.algorithm === 'fixed' ? 0 : clock.now();
      const answer = ask(next, arrival, context);
      const ended = (): void => {
        learn(shedding, context, inFlight, at, clock.now());
        admission.end();
      };
      answer.then(ended, ended);
      return answer;
    };
    /** At once, while the event loop has time for it. */
    const begin = (arrival: Arrival, context: Context): Promise<Res> => {
      const { scope, policy } = context;
      if (!shedding.inTurn(policy.shed)) return serve(arrival, context, admission.inFlight);
      return turns.wait(scope).then(
        () => serve(arrival, context, admission.inFlight),
        (reason) => {
          admission.end();
          throw reason;
        },
      );
    };
    return (arrival, context) => {
      const { mode, queue, wait } = context.policy.shed;
      if (mode === 'off') return next(arrival, context);
      const { priority } = context.history;
      const full = admission.isNext(priority) ? shedding.full(context) : `${admission.queued} requests wait`;
      const problem = full === '' ? shedding.late(context) : full;
      if (mode === 'observe') {
        if (problem !== '') tell(env, context, false);
        return serve(arrival, context, admission.begin());
      }
      if (problem === '') {
        admission.begin();
        return begin(arrival, context);
      }
      if (queue === 0 || full === '') return refuse(refusal(env, context, problem));
      const entrant = {
        scope: context.scope,
        priority,
        admits: () => shedding.full(context) === '', // whoever ends makes room; nobody would tell that the loop has time again
        refusal: () => refusal(env, context, problem),
      };
      return admission.wait(entrant, { queue, wait, order: 'fifo' }, clock.now()).then(() => {
        admission.entered();
        return begin(arrival, context);
      });
    };
  };
}

/** Takes in how long a request took. One whose deadline came was too much; a caller who hung up says nothing. */
function learn({ learnt }: Shedding, { policy, scope }: Context, inFlight: number, at: number, now: number): void {
  const { algorithm, limit } = policy.shed;
  if (algorithm === 'fixed') return;
  const dropped = MeshError.is(scope.reason) && scope.reason.reason === 'deadline';
  if (scope.cancelled && !dropped) return;
  learnt.adaptive.observe(algorithm, { ms: now - at, inFlight, dropped }, limit, now);
}

function refusal(env: Env, context: Context, problem: string): MeshError {
  const { service } = context;
  tell(env, context, true);
  return new MeshError('shed', `${service}: ${problem}`, { service, retryAfterMs: RETRY_AFTER_MS });
}

function tell({ events, clock }: Env, context: Context, enforced: boolean): void {
  if (!events.hears('refused')) return;
  const { service, route = '' } = context;
  events.emit({ at: clock.epoch(), service, type: 'refused', route, reason: 'shed', enforced }, context);
}
