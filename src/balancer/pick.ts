import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import type { Policy } from '../policy/table.ts';
import type { Nodes } from './nodes.ts';
import { fresh, has, type Pools } from './picker.ts';

/**
 * Picks a node for one attempt: one that is due for a probe, or whom the policy's picker chooses. Endpoints out of
 * rotation are left out while enough are in it; those tried before while there are others. Undefined when there is none.
 */
export function pick(
  nodes: Nodes,
  tried: readonly Node[],
  policy: Policy['balance'],
  now: number,
  random: Random,
  key?: string | undefined,
): Node | undefined {
  const { live, ready } = nodes;
  nodes.warm(policy.warmUp, now);
  const probe = nodes.due(now, tried);
  if (probe !== undefined) {
    probe.ejection.probe();
    probe.moved(probe);
    return probe;
  }
  const pool = isPanic(nodes, policy.panic) ? live : ready;
  if (pool.size < 2) {
    const only = pool.at(0);
    return only !== undefined && has(tried, only) ? (fresh(live, undefined, tried, random) ?? only) : only;
  }
  const picked = nodes.pickers.named(policy.picker)(nodes, pool, tried, policy, now, random, key);
  return picked ?? fresh(live, undefined, tried, random) ?? pool.draw(random.next());
}

/** Whether so few are in rotation that health is to be ignored. */
export function isPanic({ live, ready }: Pools, threshold: number): boolean {
  return ready.size < live.size && ready.size < threshold * live.size;
}
