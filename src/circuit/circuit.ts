import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Follower, Passage } from '../core/passage.ts';
import { race } from '../core/race.ts';
import { type Filter, refuse } from '../core/service.ts';
import type { Policy } from '../policy/table.ts';
import type { Adopted } from './adopted.ts';
import type { Breaker } from './breaker.ts';
import type { Circuits } from './circuits.ts';

/** Refuses calls at once while too many of those before them failed, whichever endpoints they went to. */
export function circuit<Req, Res>(env: Env, circuits: Circuits): Filter<Req, Res> {
  return (next) => {
    const guard = (request: Req, context: Context): Promise<Res> => {
      const now = context.history.fresh ? context.begunAt : env.clock.now();
      const breaker = circuits.for(context, now);
      if (breaker === undefined) return next(request, context);
      const { circuit } = context.policy;
      const mode = circuit.mode;
      const term = breaker.admit(circuit, now, context);
      if (term !== undefined)
        return new Passage(context, new Guarded(env, breaker, term, now)).watch(next(request, context));
      return mode === 'enforce' || mode === 'off' ? refuse(breaker.refusal(now)) : next(request, context);
    };
    return (request, context) => {
      const { mode } = context.policy.circuit;
      if (mode === 'closed' || (mode === 'off' && !circuits.given(context.service))) return next(request, context);
      if (mode === 'open') return refuse(forcedOpen(context));
      if (circuits.loaded) return guard(request, context);
      return race(circuits.load(), context.scope).then(() => guard(request, context));
    };
  };
}

/** Whether no call is guarded, of whichever service. */
export const guardsNothing = ({ breakers }: Env, { circuit: { mode } }: Policy): boolean =>
  mode === 'closed' || (mode === 'off' && breakers === undefined);

function forcedOpen({ service }: Context): MeshError {
  return new MeshError('circuit', `${service}: the policy holds the circuit open`, { sent: 'no', service });
}

/** A call that the breaker has let through, and hears of at its end. */
class Guarded implements Follower {
  readonly #env: Env;
  readonly #breaker: Breaker | Adopted;
  readonly #term: number;
  readonly #at: number;

  constructor(env: Env, breaker: Breaker | Adopted, term: number, at: number) {
    this.#env = env;
    this.#breaker = breaker;
    this.#term = term;
    this.#at = at;
  }

  over(outcome: Outcome, context: Context): void {
    const now = this.#env.clock.now();
    const took = now - this.#at;
    const slow = took > context.policy.circuit.slow.over;
    this.#breaker.report(this.#term, verdictOf(outcome, took, context), now, slow, outcome.why, context);
  }
}

/** A call that got no answer in the time our policy gives failed. A caller in a hurry says nothing about a service. */
function verdictOf({ is }: Outcome, took: number, { policy, scope }: Context): Outcome['is'] {
  if (is !== 'none') return is;
  const isLate = MeshError.is(scope.reason) && scope.reason.reason === 'deadline';
  return isLate && took >= policy.deadline.timeout / 2 ? 'failure' : 'none';
}
