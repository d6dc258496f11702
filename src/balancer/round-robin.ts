import type { Node } from '../core/node.ts';
import { weighed } from '../math/load-weight.ts';
import { StaticStride } from '../math/stride.ts';
import { fresh, has, type Picker, type Pool } from './picker.ts';

/** Each in its turn, whatever its weight. Starts anywhere, so that clients that start together do not march together. */
export function roundRobin(): Picker {
  let turn = -1;
  const pick: Picker = (_pools, pool, tried, _policy, _now, random) => {
    if (turn < 0) turn = random.below(pool.size);
    for (let step = 0; step <= tried.length; step++) {
      const node = pool.at(turn % pool.size)!;
      turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      if (!has(tried, node)) return node;
    }
    return fresh(pool, undefined, tried, random);
  };
  const peek: Picker['peek'] = (pool, tried) => {
    for (let step = 0; turn >= 0 && step <= tried.length; step++) {
      const node = pool.at((turn + step) % pool.size)!;
      if (!has(tried, node)) return node;
    }
    return undefined;
  };
  return Object.assign(pick, { peek });
}

/** A node this many times heavier than the mean would make each turn long: then chance decides, by weight. */
const STEEP = 10;

/** How long an order by what servers say of their load holds. */
const LOAD_MS = 1_000;

/**
 * Each as often as its weight says, exactly and evenly spread, by gRPC's static stride scheduler. Starts anywhere, so
 * that clients that start together do not march together. Where the policy goes by load, the weight is that which a
 * server's reports make (gRPC's proposal A58).
 */
export function weightedRoundRobin(): Picker {
  let order: Order | undefined;
  let turn = -1;
  const until = new Float64Array(1); // when the order is made anew; as a field it would be an object each time it is read
  const pick: Picker = (_pools, pool, tried, { load }, now, random) => {
    if (turn < 0) turn = random.bits();
    const byLoad = load === 'orca';
    if (order === undefined || !holds(order, pool, byLoad) || now >= until[0]!) {
      turn = order?.stride?.turn ?? turn;
      order = byLoad ? orderByLoad(pool, turn, now) : orderOf(pool, turn);
      until[0] = byLoad ? now + LOAD_MS : Number.POSITIVE_INFINITY;
    }
    return nextOf(order.stride, pool, tried) ?? fresh(pool, undefined, tried, random);
  };
  const peek: Picker['peek'] = (pool, tried, { load }, now) => {
    if (turn < 0) return undefined;
    const at = order?.stride?.turn ?? turn;
    const { stride } = load === 'orca' ? orderByLoad(pool, at, now) : orderOf(pool, at);
    return nextOf(stride, pool, tried);
  };
  return Object.assign(pick, { peek });
}

function nextOf(stride: StaticStride | undefined, pool: Pool, tried: readonly Node[]): Node | undefined {
  for (let step = 0; stride !== undefined && step <= tried.length; step++) {
    const node = pool.at(stride.next())!;
    if (!has(tried, node)) return node;
  }
  return undefined;
}

/** What was made for a pool, as it was then. */
interface Order {
  readonly pool: Pool;
  readonly version: number;
  readonly byLoad: boolean;
  readonly stride: StaticStride | undefined;
}

const holds = ({ pool, version, byLoad }: Order, of: Pool, isByLoad: boolean): boolean =>
  pool === of && version === of.version && byLoad === isByLoad;

function orderOf(pool: Pool, turn: number): Order {
  const weights = Array.from({ length: pool.size }, (_, at) => pool.weight(at));
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0); // not as arguments: there may be too many
  const steep = heaviest * pool.size > pool.total * STEEP;
  const stride = steep ? undefined : new StaticStride(weights, turn);
  return { pool, version: pool.version, byLoad: false, stride };
}

/** By load; in turn, whatever the weights of the records, while too few have told theirs. */
function orderByLoad(pool: Pool, turn: number, now: number): Order {
  const nodes = Array.from({ length: pool.size }, (_, at) => pool.at(at)!);
  const weights = weighed(nodes.map(({ load }) => load?.read(now) ?? 0)) ?? nodes.map(() => 1);
  const warm = weights.map((weight, at) => (weight * nodes[at]!.weight) / nodes[at]!.endpoint.weight);
  const stride = new StaticStride(warm, turn);
  return { pool, version: pool.version, byLoad: true, stride };
}
