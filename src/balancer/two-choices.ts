import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { PARTS } from '../math/parts.ts';
import { fresh, has, type Pool, type Pools } from './picker.ts';

/**
 * Whether one more call costs so much less at `second` than at `first`: less even when taken `margin` times. What they
 * weigh is what they weigh in the `pool` that they were drawn from.
 */
export type Better = (
  second: Node,
  first: Node,
  pool: Pool,
  margin: number,
  decay: number,
  now: number,
  random: Random,
) => boolean;

/** Draws two by weight, and gives the better one. */
export function ofTwo(
  { ready }: Pools,
  pool: Pool,
  tried: readonly Node[],
  decay: number,
  now: number,
  random: Random,
  isBetter: Better,
): Node | undefined {
  const first = fresh(pool, undefined, tried, random);
  if (first === undefined) return undefined;
  if (pool !== ready && ready.size > 0) {
    // In panic health is ignored, load is not: one of all against one of the healthy, so that these are used first, and
    // the others once these are so crowded that even a sick one may do better.
    const healthy = fresh(ready, first, tried, random);
    return healthy !== undefined && isBetter(healthy, first, pool, 1, decay, now, random) ? healthy : first;
  }
  const drawn = pool.draw(random.below(PARTS));
  const second = drawn !== first && !has(tried, drawn!) ? drawn : fresh(pool, first, tried, random);
  if (second === undefined) return first;
  const margin = drawn === first && !pool.even ? SURE : 1;
  return isBetter(second, first, pool, margin, decay, now, random) ? second : first;
}

/**
 * Drawing two different nodes would favour the light ones: of two nodes that weigh 9 and 1, both are drawn always. So a
 * node that is drawn twice keeps the call, as far as weights go: only one that costs so much less may take it.
 */
const SURE = 2;

/**
 * Calls there would be with one more, at a part of the node that weighs as much as the lighter of the two: a node of twice
 * the weight counts as two with half of its calls each. Chance, one of the `PARTS`, rounds up or down to whole calls.
 */
export const crowd = (node: Node, other: Node, pool: Pool, chance: number): number =>
  1 + pool.fall(node, other, node.inFlight, chance);
