import { Nodes } from '../balancer/nodes.ts';
import { Circuits } from '../circuit/circuits.ts';
import type { Env } from '../core/env.ts';
import { RetryBudget } from '../math/retry-budget.ts';

/**
 * What the filters of one service called keep between calls: one part for each mechanism that remembers. They live as
 * long as the service is called, whatever the policy does meanwhile.
 */
export interface Parts {
  readonly env: Env;
  readonly nodes: Nodes;
  readonly budget: RetryBudget;
  readonly circuits: Circuits;
}

/** Makes the parts of one service; `names` says whether the policy has settings for a route of it. */
export const makeParts = (env: Env, names: (route: string) => boolean): Parts => ({
  env,
  nodes: new Nodes(),
  budget: new RetryBudget(),
  circuits: new Circuits(env, names),
});
