import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { PARTS } from '../math/parts.ts';
import type { Policy } from '../policy/table.ts';
import type { Group } from './group.ts';
import { type Levels, turn } from './levels.ts';
import { type Bound, fresh, has, type Pools } from './picker.ts';

/** What there is to pick from: all nodes of a service, or what a policy lets its calls see of them. */
export interface Choice {
  readonly whole: Group;
  /** They by level; nothing while the levels of all are the same. */
  readonly levels: Levels | undefined;
  /** Gives those that have come lately as much of their weight as they have by now. */
  warm(policy: Policy['balance'], now: number): void;
}

const NO_BOUND: Bound = { bound: 0 };

/**
 * Picks a node for one attempt: one that is due for a probe, or whom the policy's picker chooses. Endpoints out of
 * rotation are left out while enough are in it; those tried before while there are others. Undefined when there is none.
 */
export function pick(
  choice: Choice,
  tried: readonly Node[],
  policy: Policy['balance'],
  now: number,
  random: Random,
  key?: string | undefined,
  hash: Bound = NO_BOUND,
): Node | undefined {
  choice.warm(policy, now);
  const { whole, levels } = choice;
  const probe = whole.due(now, tried);
  if (probe !== undefined) {
    probe.ejection.probe(now);
    probe.all.moved(probe);
    return probe;
  }
  if (levels !== undefined) return ofLevels(whole, levels, tried, policy, now, random, key, hash);
  const pool = isPanic(whole, policy) ? whole.live : whole.ready;
  return among(whole, pool, tried, policy, now, random, key, hash) ?? anyOf(whole, pool, tried, random);
}

/** From the level whose turn it is; where the call has been at all of it, from anywhere. */
function ofLevels(
  whole: Group,
  levels: Levels,
  tried: readonly Node[],
  policy: Policy['balance'],
  now: number,
  random: Random,
  key: string | undefined,
  hash: Bound,
): Node | undefined {
  const level = levels.draw(turn(policy.picker, key, random));
  if (level === undefined) return undefined;
  const { group, load } = level;
  const pool = load.panic ? group.live : group.ready;
  return (
    among(group, pool, tried, policy, now, random, key, hash) ??
    among(whole, whole.ready, tried, policy, now, random, key, hash) ??
    anyOf(whole, pool, tried, random)
  );
}

/** Whom the policy's picker chooses of `pool`; undefined when the call has been at all that it saw. */
function among(
  group: Group,
  pool: Pools['live'],
  tried: readonly Node[],
  policy: Policy['balance'],
  now: number,
  random: Random,
  key: string | undefined,
  hash: Bound,
): Node | undefined {
  if (pool.size < 2) {
    const only = pool.at(0);
    return only === undefined || has(tried, only) ? undefined : only;
  }
  return group.pickers.named(policy.picker)(group, pool, tried, policy, now, random, key, hash);
}

/** When it has been at all that are in rotation: one that is out, or any. */
function anyOf({ live }: Pools, pool: Pools['live'], tried: readonly Node[], random: Random): Node | undefined {
  if (pool.size === 0) return undefined;
  return fresh(live, undefined, tried, random) ?? pool.draw(random.below(PARTS));
}

/** Whether so few are in rotation that health is to be ignored. */
export function isPanic({ live, ready }: Pools, { panic }: Pick<Policy['balance'], 'panic'>): boolean {
  return ready.size < live.size && ready.size < panic * live.size;
}
