import { SharedCalls } from '../answers/collapse.ts';
import { Answers } from '../answers/kept-answers.ts';
import { Nodes } from '../balancer/nodes.ts';
import { isOther, isRoomFor } from '../balancer/room.ts';
import { Circuits } from '../circuit/circuits.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { Failbacks } from '../core/failbacks.ts';
import { Limits } from '../core/limits.ts';
import type { Live } from '../core/live.ts';
import { Mirrors } from '../core/mirrors.ts';
import type { Node } from '../core/node.ts';
import { NO_PEERS, type Peers } from '../core/peers.ts';
import type { Reach } from '../core/reach.ts';
import type { Resolution } from '../core/resolution.ts';
import { ALONE, type Siblings } from '../core/siblings.ts';
import { Checks } from '../health/checks.ts';
import { HealthJudgement } from '../health/judgement.ts';
import { Hedges } from '../math/hedges.ts';
import { RetryBudget } from '../math/retry-budget.ts';
import { Throttling } from '../math/throttling.ts';
import type { Policy } from '../policy/table.ts';
import { Quotas } from '../quota/quotas.ts';

/**
 * What the filters of one service called keep between calls: one part for each mechanism that remembers. They live as
 * long as the service is called, whatever the policy does meanwhile.
 */
export interface Parts {
  readonly env: Env;
  readonly nodes: Nodes;
  readonly judgement: HealthJudgement;
  readonly checks: Checks;
  readonly budget: RetryBudget;
  readonly answers: Answers;
  readonly failbacks: Failbacks;
  readonly shared: SharedCalls;
  readonly hedges: Hedges;
  /** Whether there is an endpoint for such a call besides those. */
  readonly isOther: (context: Context, tried: readonly Node[]) => boolean;
  readonly circuits: Circuits;
  readonly throttling: Throttling;
  readonly limits: Limits;
  readonly quotas: Quotas;
  readonly mirrors: Mirrors;
  readonly around: Surroundings;
  /** What is known of where it lives; nothing where there is no registry. */
  readonly known: Live<Resolution> | undefined;
}

/** What a service called is to know of the mesh around it. */
export interface Surroundings {
  /** Who we are. */
  readonly self: string;
  /** Where it is looked for, as errors say it: never with a password. */
  readonly registry: string;
  /** The instances of our own service. */
  readonly siblings: Siblings;
  /** The same, as far as we have to agree with them without a word. */
  readonly peers: Peers;
  /** The other services. */
  readonly reach: Reach;
}

const NOBODY: Reach = (service) => {
  throw new MeshError('bug', `${service}: there is no mesh around`);
};

const NOWHERE: Surroundings = { self: '', registry: '', siblings: ALONE, peers: NO_PEERS, reach: NOBODY };

/**
 * Makes the parts of one service; `names` says whether the policy has settings for a route of it, `usual` gives those of
 * calls without such a route, once there was a call.
 */
export const makeParts = (
  env: Env,
  names: (route: string) => boolean,
  around: Surroundings = NOWHERE,
  usual: () => Policy | undefined = () => undefined,
  known?: Live<Resolution>,
): Parts => {
  const nodes = new Nodes(env.place, around.peers);
  return {
    env,
    nodes,
    judgement: new HealthJudgement(env, nodes),
    checks: new Checks(env, nodes, usual),
    budget: new RetryBudget(),
    answers: new Answers(usual),
    failbacks: new Failbacks(env.clock),
    shared: new SharedCalls(),
    hedges: new Hedges(),
    isOther: ({ policy }, tried) => isOther(nodes.view(policy), policy, tried),
    circuits: new Circuits(env, names),
    throttling: new Throttling(),
    limits: new Limits(
      env,
      (attempts, context) => isRoomFor(attempts, nodes.view(context.policy), context),
      (heard) => nodes.onFreed(heard),
    ),
    quotas: new Quotas(env, around.siblings),
    mirrors: new Mirrors(),
    around,
    known,
  };
};
