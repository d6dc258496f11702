import type { Node } from '../core/node.ts';
import type { Placed, Placement } from '../math/ring.ts';
import { Xxh64 } from '../math/xxh64.ts';
import { fresh, has, type Picker, type Pool } from './picker.ts';

/** Places that may be taken by nodes that are out or were tried, before chance decides. */
const FAR = 256;

/**
 * Calls of one key go to one node, the same for all clients that know the same list. Who is in rotation does not change
 * whose a key is: while its node is out its calls go to the next, as all clients agree, and nobody else's move. Calls
 * without a key are spread by weight.
 */
export function hashed(place: (members: readonly Placed[], hash: Xxh64) => Placement): Picker {
  const hash = new Xxh64();
  let placed: Places | undefined;
  return ({ live }, pool, tried, _policy, _now, random, key) => {
    if (key === undefined) return fresh(pool, undefined, tried, random);
    if (placed === undefined || placed.version !== live.version) placed = places(live, hash, place);
    const { nodes, placement } = placed;
    hash.text(key);
    for (let attempt = 0; attempt < FAR; attempt++) {
      const node = nodes[placement.owner(hash, attempt)]!;
      if (pool.has(node) && !has(tried, node)) return node;
    }
    return fresh(pool, undefined, tried, random);
  };
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

/** What a node's places are hashed from: the `hash_key` of its record, as in Envoy and gRPC; else its address. */
const keyOf = ({ endpoint }: Node): string => endpoint.metadata.hash_key || endpoint.address;
