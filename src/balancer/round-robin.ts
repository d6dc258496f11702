import { below } from '../core/random.ts';
import { StaticStride } from '../math/stride.ts';
import { fresh, has, type Picker, type Pool } from './picker.ts';

/** Each in its turn, whatever its weight. Starts anywhere, so that clients that start together do not march together. */
export function roundRobin(): Picker {
  let turn = -1;
  return (_pools, pool, tried, _policy, _now, random) => {
    if (turn < 0) turn = below(random, pool.size);
    for (let step = 0; step <= tried.length; step++) {
      const node = pool.at(turn % pool.size)!;
      turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      if (!has(tried, node)) return node;
    }
    return fresh(pool, undefined, tried, random);
  };
}

/** A node this many times heavier than the mean would make each turn long: then chance decides, by weight. */
const STEEP = 10;

/**
 * Each as often as its weight says, exactly and evenly spread, by gRPC's static stride scheduler. Starts anywhere, so
 * that clients that start together do not march together.
 */
export function weightedRoundRobin(): Picker {
  let order: Order | undefined;
  let turn = -1;
  return (_pools, pool, tried, _policy, _now, random) => {
    if (turn < 0) turn = random.bits();
    if (order === undefined || order.pool !== pool || order.version !== pool.version) {
      turn = order?.stride?.turn ?? turn;
      order = orderOf(pool, turn);
    }
    const { stride } = order;
    for (let step = 0; stride !== undefined && step <= tried.length; step++) {
      const node = pool.at(stride.next())!;
      if (!has(tried, node)) return node;
    }
    return fresh(pool, undefined, tried, random);
  };
}

/** What was made for a pool, as it was then. */
interface Order {
  readonly pool: Pool;
  readonly version: number;
  readonly stride: StaticStride | undefined;
}

function orderOf(pool: Pool, turn: number): Order {
  const weights = Array.from({ length: pool.size }, (_, at) => pool.at(at)!.weight);
  const steep = Math.max(...weights) * pool.size > pool.total * STEEP;
  return { pool, version: pool.version, stride: steep ? undefined : new StaticStride(weights, turn) };
}
