import type { Node } from '../core/node.ts';
import { PARTS } from '../math/parts.ts';
import type { Picker } from './picker.ts';
import { type Better, crowd, ofTwo } from './two-choices.ts';

/** The better of two drawn by weight: the one of the lower peak EWMA latency, times the calls under way there. */
export const p2c = (): Picker => (pools, pool, tried, policy, now, random) =>
  ofTwo(pools, pool, tried, policy.decay, now, random, isBetter);

/** Peaks of latencies that differ by less are alike: the more a node is called, the higher the peaks it happens to show. */
const ALIKE = 2;

/**
 * Whether one more call costs so much less at `second` than at `first`: peak EWMA latency, times the calls under way.
 * Whole calls as chance has it; so at rest and under load alike, shares follow weights.
 */
const isBetter: Better = (second, first, pool, margin, decay, now, random) => {
  if (!first.latency.known || !second.latency.known) return newness(second) * margin < newness(first);
  look(first, decay, now, 0);
  look(second, decay, now, 1);
  const slow = looked[0]!;
  const fast = looked[1]!;
  if (pool.even) return fast * (1 + second.inFlight) * margin < slow * (1 + first.inFlight);
  const alike = pool.alike(first, second);
  const chance = alike ? 0 : random.below(PARTS);
  const full = crowd(first, second, pool, chance);
  const free = crowd(second, first, pool, chance);
  if (!alike && slow < fast * ALIKE && fast < slow * ALIKE) return free * margin < full;
  return fast * free * margin < slow * full;
};

/** A call to one that is out of rotation will most likely fail and be sent again. */
const SICK = 10;

const looked = new Float64Array(2); // what is given back by a function may become an object, by what V8 makes of it

/** How long its answers take, or how long it has been silent where that is more: silence tells before a timeout does. */
function look(node: Node, decay: number, now: number, at: 0 | 1): void {
  const known = node.latency.read(now, decay);
  const ms = node.inFlight === 0 ? known : Math.max(known, now - node.silentSince);
  looked[at] = node.ejection.state === 'in' ? ms : ms * SICK; // only in panic is there a choice between the two
}

/** A node of which nothing is known gets one call, and no second before the first has told. */
const newness = ({ latency, inFlight }: Node): number => (latency.known ? 1 : inFlight === 0 ? 0 : 1 + inFlight);
