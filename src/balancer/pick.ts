import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import type { Policy } from '../policy/table.ts';
import type { Nodes } from './nodes.ts';

const REDRAWS = 4; // for a node that is not the first, or was not tried yet

/**
 * Picks a node for one attempt: one that is due for a probe, or the better of two drawn by weight. Endpoints out of
 * rotation are left out while enough are in it; those tried before while there are others. Undefined when there is none.
 */
export function pick(
  nodes: Nodes,
  tried: readonly Node[],
  policy: Policy['balance'],
  now: number,
  random: Random,
): Node | undefined {
  const { live, ready } = nodes;
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
  const first = fresh(pool, undefined, tried, random);
  if (first === undefined) return fresh(live, undefined, tried, random) ?? pool.draw(random.next());
  if (pool !== ready && ready.size > 0) {
    // In panic health is ignored, load is not: one of all against one of the healthy, so that these are used first, and
    // the others once these are so crowded that even a sick one may do better.
    const healthy = fresh(ready, first, tried, random);
    return healthy !== undefined && isBetter(healthy, first, 1, policy.decay, now, random) ? healthy : first;
  }
  const drawn = pool.draw(random.next());
  const second = drawn !== first && !has(tried, drawn!) ? drawn : fresh(pool, first, tried, random);
  if (second === undefined) return first;
  const margin = drawn === first && !pool.even ? SURE : 1;
  return isBetter(second, first, margin, policy.decay, now, random) ? second : first;
}

/** Whether so few are in rotation that health is to be ignored. */
export function isPanic({ live, ready }: Nodes, threshold: number): boolean {
  return ready.size < live.size && ready.size < threshold * live.size;
}

/**
 * Drawing two different nodes would favour the light ones: of two nodes that weigh 9 and 1, both are drawn always. So a
 * node that is drawn twice keeps the call, as far as weights go: only one that costs so much less may take it.
 */
const SURE = 2;

/** Peaks of latencies that differ by less are alike: the more a node is called, the higher the peaks it happens to show. */
const ALIKE = 2;

/**
 * Whether one more call costs so much less at `second` than at `first`: peak EWMA latency, times the calls under way.
 * A node of twice the weight counts as two nodes with half of its calls each, whole calls as chance has it; so at rest
 * and under load alike, shares follow weights.
 */
function isBetter(second: Node, first: Node, margin: number, decay: number, now: number, random: Random): boolean {
  const [a, b] = [first.weight, second.weight];
  if (!first.latency.known || !second.latency.known) return newness(second) * margin < newness(first);
  const [slow, fast] = [latency(first, decay, now), latency(second, decay, now)];
  const chance = a === b ? 0 : random.next();
  const unit = Math.min(a, b);
  const [full, free] = [crowd(first, unit, chance), crowd(second, unit, chance)];
  if (a !== b && slow < fast * ALIKE && fast < slow * ALIKE) return free * margin < full;
  return fast * free * margin < slow * full;
}

/** How long its answers take, or how long it has been silent where that is more: silence tells before a timeout does. */
function latency(node: Node, decay: number, now: number): number {
  const known = node.latency.read(now, decay);
  return node.inFlight === 0 ? known : Math.max(known, now - node.silentSince);
}

/** Calls there would be with one more, at a part of the node that weighs `unit`. */
const crowd = ({ inFlight, weight }: Node, unit: number, chance: number): number =>
  1 + Math.floor((inFlight * unit) / weight + chance);

/** A node of which nothing is known gets one call, and no second before the first has told. */
const newness = ({ latency, inFlight }: Node): number => (latency.known ? 1 : inFlight === 0 ? 0 : 1 + inFlight);

type Pool = Nodes['live'];

const has = (tried: readonly Node[], node: Node): boolean => tried.length > 0 && tried.includes(node);

/** One drawn by weight that is not `not` and was not tried; undefined when there is none. */
function fresh(pool: Pool, not: Node | undefined, tried: readonly Node[], random: Random): Node | undefined {
  for (let draw = 0; draw <= REDRAWS; draw++) {
    const node = pool.draw(random.next());
    if (node !== not && !has(tried, node!)) return node;
  }
  // Few are ever tried, so it is a small pool or a heavy node that is in the way: any other will do, from anywhere on.
  const start = Math.floor(random.next() * pool.size);
  for (let step = 0; step < pool.size; step++) {
    const node = pool.at((start + step) % pool.size)!;
    if (node !== not && !has(tried, node)) return node;
  }
  return undefined;
}
