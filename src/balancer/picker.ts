import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { PARTS } from '../math/parts.ts';
import type { WeightedSet } from '../math/weighted-set.ts';
import type { Policy } from '../policy/table.ts';

/** Nodes to choose among, each with its weight. */
export type Pool = WeightedSet<Node>;

/** The nodes of one service. */
export interface Pools {
  /** All that may be called: their weight is above 0. */
  readonly live: Pool;
  /** Those of `live` that are in rotation. */
  readonly ready: Pool;
}

/** How many times its share of the calls under way a node may have, where keys say who gets a call; below 1 it is any. */
export type Bound = Pick<Policy['hash'], 'bound'>;

/**
 * Chooses one node of `pool` that is not among `tried`; undefined when it finds none. The pool is one of `pools` and
 * has two nodes at least: who is in rotation, who is probed and what is done in panic was decided before, for all
 * pickers alike. What a picker remembers lives as long as the service is called, whatever the policy does meanwhile.
 * Sections come whole: V8 makes an object of each fraction that is read from one and handed on.
 */
export interface Picker {
  (
    pools: Pools,
    pool: Pool,
    tried: readonly Node[],
    policy: Policy['balance'],
    now: number,
    random: Random,
    key: string | undefined,
    hash: Bound,
  ): Node | undefined;
  /** Of one that goes in turn: whose turn it is, for who only looks; nothing where that has yet to be drawn. */
  readonly peek?: (pool: Pool, tried: readonly Node[], policy: Policy['balance'], now: number) => Node | undefined;
}

const REDRAWS = 4; // for a node that is not the first, or was not tried yet

/** One drawn by weight that is not `not` and was not tried; undefined when there is none. */
export function fresh(pool: Pool, not: Node | undefined, tried: readonly Node[], random: Random): Node | undefined {
  for (let draw = 0; draw <= REDRAWS; draw++) {
    const node = pool.draw(random.below(PARTS));
    if (node !== not && !has(tried, node!)) return node;
  }
  // Few are ever tried, so it is a small pool or a heavy node that is in the way: any other will do, from anywhere on.
  const start = random.below(pool.size);
  for (let step = 0; step < pool.size; step++) {
    const node = pool.at((start + step) % pool.size)!;
    if (node !== not && !has(tried, node)) return node;
  }
  return undefined;
}

/** Whether a call has been at a node before. */
export const has = (tried: readonly Node[], node: Node): boolean => tried.length > 0 && tried.includes(node);
