import { START } from '../math/adaptive-limit.ts';
import type { Policy } from '../policy/table.ts';
import { shareOf } from './admission.ts';
import type { Node } from './node.ts';
import type { Priority } from './priority.ts';

/** How many attempts may be under way at a node, as it stands. To be asked where the policy limits them. */
export function limitOf({ limit }: Node, { endpoint, algorithm }: Policy['limit']): number {
  if (algorithm === 'fixed') return endpoint;
  return limit?.limit(endpoint) ?? Math.min(endpoint, START);
}

/** Whether one more attempt of this priority may go to a node. To be asked where the policy limits them. */
export const hasRoom = (node: Node, policy: Policy['limit'], priority: Priority): boolean =>
  node.inFlight < shareOf(limitOf(node, policy), priority);
