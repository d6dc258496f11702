import { Nodes } from '../balancer/nodes.ts';
import { isRoomFor } from '../balancer/room.ts';
import { Circuits } from '../circuit/circuits.ts';
import type { Env } from '../core/env.ts';
import { ALONE, type Siblings } from '../core/siblings.ts';
import { Answers } from '../filters/answers.ts';
import { Hedges } from '../filters/hedges.ts';
import { Limits } from '../filters/limits.ts';
import { Quotas } from '../quota/quotas.ts';
import { HealthJudgement } from '../health/judgement.ts';
import { RetryBudget } from '../math/retry-budget.ts';
import { Throttling } from '../math/throttling.ts';

/**
 * What the filters of one service called keep between calls: one part for each mechanism that remembers. They live as
 * long as the service is called, whatever the policy does meanwhile.
 */
export interface Parts {
  readonly env: Env;
  readonly nodes: Nodes;
  readonly judgement: HealthJudgement;
  readonly budget: RetryBudget;
  readonly answers: Answers;
  readonly hedges: Hedges;
  readonly circuits: Circuits;
  readonly throttling: Throttling;
  readonly limits: Limits;
  readonly quotas: Quotas;
}

/** What a service called is to know of the mesh around it. */
export interface Surroundings {
  /** The instances of our own service. */
  readonly siblings: Siblings;
}

const NONE: Surroundings = { siblings: ALONE };

/** Makes the parts of one service; `names` says whether the policy has settings for a route of it. */
export const makeParts = (env: Env, names: (route: string) => boolean, { siblings }: Surroundings = NONE): Parts => {
  const nodes = new Nodes(env.place);
  return {
    env,
    nodes,
    judgement: new HealthJudgement(env, nodes),
    budget: new RetryBudget(),
    answers: new Answers(),
  hedges: new Hedges(),
    circuits: new Circuits(env, names),
    throttling: new Throttling(),
    limits: new Limits(env, (attempts, context) => isRoomFor(attempts, nodes.view(context.policy), context)),
    quotas: new Quotas(env, siblings),
  };
};
