import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import type { Policy } from '../policy/table.ts';
import type { Nodes } from './nodes.ts';

const REDRAWS = 4; // for a second node that differs from the first, or one that was not tried yet

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
    return only !== undefined && tried.includes(only) ? (untried(live, tried, random) ?? only) : only;
  }
  const mean = pool.total / pool.size;
  const first = fresh(pool, tried, random);
  if (first === undefined)
    return untried(pool, tried, random) ?? untried(live, tried, random) ?? pool.draw(random.next());
  const second = other(pool, first, tried, random);
  if (second === undefined) return first;
  return load(second, mean, policy.decay, now) < load(first, mean, policy.decay, now) ? second : first;
}

/** Whether so few are in rotation that health is to be ignored. */
export function isPanic({ live, ready }: Nodes, threshold: number): boolean {
  return ready.size < live.size && ready.size < threshold * live.size;
}

/**
 * What one more call would cost here: peak EWMA latency, times the calls under way for its weight. At rest all weights
 * cost alike, because the draw has seen to the shares; under load a heavy node may carry more. A node of which nothing
 * is known gets one call, and no second before the first has told.
 */
function load(node: Node, meanWeight: number, decay: number, now: number): number {
  const crowd = (node.inFlight * meanWeight) / node.endpoint.weight;
  if (!node.latency.known) return node.inFlight === 0 ? 0 : UNKNOWN * crowd;
  return node.latency.read(now, decay) * (1 + crowd);
}

const UNKNOWN = 1e12;

type Pool = Nodes['live'];

function fresh(pool: Pool, tried: readonly Node[], random: Random): Node | undefined {
  for (let draw = 0; draw <= REDRAWS; draw++) {
    const node = pool.draw(random.next());
    if (node !== undefined && !tried.includes(node)) return node;
  }
  return undefined;
}

function other(pool: Pool, first: Node, tried: readonly Node[], random: Random): Node | undefined {
  for (let draw = 0; draw <= REDRAWS; draw++) {
    const node = pool.draw(random.next());
    if (node !== undefined && node !== first && !tried.includes(node)) return node;
  }
  return undefined;
}

/** Any that was not tried yet, looked for from a random place: rare, since few are ever tried. */
function untried(pool: Pool, tried: readonly Node[], random: Random): Node | undefined {
  const start = Math.floor(random.next() * pool.size);
  for (let step = 0; step < pool.size; step++) {
    const node = pool.at((start + step) % pool.size)!;
    if (!tried.includes(node)) return node;
  }
  return undefined;
}
