import type { Node } from '../core/node.ts';
import { NOBODY_PASSED, type PassedOver, type PassedOverWhy } from '../core/passed-over.ts';
import type { Priority } from '../core/priority.ts';
import { hasRoom } from '../core/room.ts';
import type { Policy } from '../policy/table.ts';
import type { Group } from './group.ts';
import { isPanic } from './pick.ts';
import type { View } from './view.ts';

/** All endpoints of a service, and how the calls of a policy see them. */
interface Known extends Group, Iterable<Node> {
  readonly size: number;
  view(policy: Policy): View;
}

const LOOKED_AT = 64; // endpoints: a service may have thousands, and an outage many failed attempts a second
const NAMED = 5;

/** Who was not chosen when `chosen` was, and why, as they stand now. Those that could have been as well are not told. */
export function passedOver(
  nodes: Known,
  chosen: Node,
  policy: Policy,
  tried: readonly Node[],
  priority: Priority,
): readonly PassedOver[] {
  const view = nodes.view(policy);
  const seen = mayDiffer(nodes, view, policy, tried);
  if (seen === tried && tried.length === 0) return NOBODY_PASSED;
  const why = whyPassed(view, policy, tried, priority);
  const groups = new Map<PassedOverWhy, { count: number; endpoints: string[] }>();
  let named = 0;
  for (const node of seen) {
    const reason = node === chosen ? undefined : why(node);
    if (reason === undefined) continue;
    const group = groups.get(reason) ?? { count: 0, endpoints: [] };
    groups.set(reason, group);
    group.count++;
    if (named++ < NAMED) group.endpoints.push(node.endpoint.address);
  }
  return groups.size === 0 ? NOBODY_PASSED : Array.from(groups, ([reason, group]) => ({ why: reason, ...group }));
}

/** Why an endpoint is no choice for such calls, as things stand; nothing where it is one. */
export function whyPassed(
  view: View,
  policy: Policy,
  tried: readonly Node[],
  priority: Priority,
): (node: Node) => PassedOverWhy | undefined {
  const { levels, panic } = view.facts(policy);
  return (node) => {
    if (node.endpoint.weight === 0) return 'weight';
    const apart = view.apart(node);
    if (apart !== undefined) return apart;
    if (tried.includes(node)) return 'tried';
    if (!panic && node.sick !== '') return 'unwell';
    if (!panic && node.ejection.state !== 'in') return 'ejected';
    if (policy.limit.endpoint > 0 && !hasRoom(node, policy.limit, priority)) return 'full';
    return view.behind(node, levels);
  };
}

/** Those of whom there may be something to tell. Nearly always they stand on one level, and none can be full. */
function mayDiffer(nodes: Known, view: View, { limit, balance }: Policy, tried: readonly Node[]): Iterable<Node> {
  const { live, ready, size, out } = nodes;
  const isLevel = limit.endpoint === 0 && view.whole === nodes && view.levels === undefined && live.size === size;
  if (!isLevel) return lookedAt(nodes, tried);
  if (ready.size === size || isPanic(nodes, balance)) return tried;
  return tried.length === 0 && out.size <= LOOKED_AT ? out : lookedAt(nodes, tried);
}

/** All, where that is not too many; else those of whom there is most to tell come first. */
function lookedAt(nodes: Known, tried: readonly Node[]): Iterable<Node> {
  if (nodes.size <= LOOKED_AT) return nodes;
  const seen = new Set<Node>(tried);
  for (const part of [nodes.out, nodes]) {
    for (const node of part) {
      if (seen.size >= LOOKED_AT) return seen;
      seen.add(node);
    }
  }
  return seen;
}
