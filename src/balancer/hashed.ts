import type { Endpoint } from '../core/endpoint.ts';
import type { Node } from '../core/node.ts';
import type { Placed, Placement } from '../math/ring.ts';
import { stirred, Xxh64 } from '../math/xxh64.ts';
import { type Bound, fresh, has, type Picker, type Pool } from './picker.ts';

/** Places that may be taken by nodes that are out or were tried, before chance decides. */
const FAR = 256;

/** Others that are looked at when the owner of a key has too much to do. */
const JUMPS = 64;

/**
 * Calls of one key go to one node, the same for all clients that know the same list. Who is in rotation does not change
 * whose a key is: while its node is out its calls go to the next, as all clients agree, and nobody else's move. Calls
 * without a key are spread by weight. Where the policy sets a bound, a node that has more than its share of the calls
 * under way is spared.
 */
export function hashed(place: (members: readonly Placed[], hash: Xxh64) => Placement): Picker {
  const hashing = new Xxh64();
  let placed: Places | undefined;
  return ({ live }, pool, tried, _policy, _now, random, key, hash) => {
    if (key === undefined) return fresh(pool, undefined, tried, random);
    if (placed === undefined || placed.version !== live.version) placed = places(live, hashing, place);
    const { nodes, placement } = placed;
    hashing.text(key);
    for (let attempt = 0; attempt < FAR; attempt++) {
      const node = nodes[placement.owner(hashing, attempt)]!;
      if (!pool.has(node) || has(tried, node)) continue;
      return hash.bound < 1 || isFree(node, pool, hash) ? node : freest(node, nodes, pool, tried, hash, hashing);
    }
    return fresh(pool, undefined, tried, random);
  };
}

/** Whether a node has room for one more call within so many times its share of all, as Envoy reckons it. */
const isFree = (node: Node, pool: Pool, bound: Bound): boolean =>
  node.inFlight < pool.most(node, node.all.inFlight + 1, bound);

/**
 * The first with room, looked for by jumps that the key decides (arXiv 1908.08762), so that no neighbour gets it all and
 * calls of one key stay together. Where none is found, whoever has least to do of those that were seen.
 */
function freest(
  owner: Node,
  nodes: readonly Node[],
  pool: Pool,
  tried: readonly Node[],
  bound: Bound,
  hash: Xxh64,
): Node {
  let best = owner;
  for (let jump = 1; jump <= JUMPS; jump++) {
    const node = nodes[stirred(hash.lo ^ Math.imul(jump, 0x9e3779b1)) % nodes.length]!;
    if (!pool.has(node) || has(tried, node)) continue;
    if (isFree(node, pool, bound)) return node;
    if (node.inFlight * best.weight < best.inFlight * node.weight) best = node;
  }
  return best;
}

/** What was placed for a list, as it was then. */
interface Places {
  readonly version: number;
  readonly nodes: readonly Node[];
  readonly placement: Placement;
}

function places(live: Pool, hash: Xxh64, place: Parameters<typeof hashed>[0]): Places {
  const nodes = Array.from({ length: live.size }, (_, at) => live.at(at)!);
  nodes.sort((a, b) => (keyOf(a) < keyOf(b) || (keyOf(a) === keyOf(b) && a.endpoint.id < b.endpoint.id) ? -1 : 1));
  const members = nodes.map((node) => ({ key: keyOf(node), weight: node.endpoint.weight }));
  return { version: live.version, nodes, placement: place(members, hash) };
}

const keyOf = ({ endpoint }: Node): string => hashKeyOf(endpoint);

/** What a node's places are hashed from: the `hash_key` of its record, as in Envoy and gRPC; else its address. */
export const hashKeyOf = ({ metadata, address }: Endpoint): string => metadata.hash_key || address;
