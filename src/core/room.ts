import { START } from '../math/adaptive-limit.ts';
import type { Policy } from '../policy/table.ts';
import { shareOf } from './admission.ts';
import type { Node } from './node.ts';
import type { Priority } from './priority.ts';

/**
 * How many attempts may be under way at a node, as it stands. What is critical is not kept out while the limit is being
 * measured. To be asked where the policy limits them.
 */
export function limitOf({ limit }: Node, { endpoint, algorithm }: Policy['limit'], priority?: Priority): number {
  if (algorithm === 'fixed') return endpoint;
  if (limit === undefined) return Math.min(endpoint, START);
  return priority === 'critical' ? limit.learnt(endpoint, algorithm) : limit.limit(endpoint, algorithm);
}

/** How many there may be with those of this priority. */
export const roomAt = (node: Node, policy: Policy['limit'], priority: Priority): number =>
  shareOf(limitOf(node, policy, priority), priority);

/** Whether one more attempt of this priority may go to a node. To be asked where the policy limits them. */
export const hasRoom = (node: Node, policy: Policy['limit'], priority: Priority): boolean =>
  node.inFlight < roomAt(node, policy, priority);
