import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { PARTS } from '../math/parts.ts';
import { has, type Picker, type Pool } from './picker.ts';
import { type Better, crowd, ofTwo } from './two-choices.ts';

const FEW = 8; // looking at so many costs about what drawing two does

/** The one of two drawn by weight that has fewer calls under way for its weight; among a few equals the best of all. */
export const leastRequest = (): Picker => (pools, pool, tried, policy, now, random) =>
  pool.even && pool.size <= FEW && pool === pools.ready
    ? idlest(pool, tried, random)
    : ofTwo(pools, pool, tried, policy.decay, now, random, isLess);

const isLess: Better = (second, first, pool, margin, _decay, _now, random) => {
  if (pool.even) return (1 + second.inFlight) * margin < 1 + first.inFlight;
  const chance = pool.alike(first, second) ? 0 : random.below(PARTS);
  return crowd(second, first, pool, chance) * margin < crowd(first, second, pool, chance);
};

/** The one with the fewest calls under way; of several such the next from anywhere on. */
function idlest(pool: Pool, tried: readonly Node[], random: Random): Node | undefined {
  let best: Node | undefined;
  const start = random.below(pool.size);
  for (let step = 0; step < pool.size; step++) {
    const node = pool.at((start + step) % pool.size)!;
    if (!has(tried, node) && (best === undefined || node.inFlight < best.inFlight)) best = node;
  }
  return best;
}
