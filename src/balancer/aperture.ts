import type { Node } from '../core/node.ts';
import type { Peers } from '../core/peers.ts';
import { arcShares, type Standing } from '../math/aperture.ts';
import { Xxh64 } from '../math/xxh64.ts';
import type { Policy } from '../policy/table.ts';

/** The part of a large service that one process calls: the share of each node's weight that is its own. */
export type Cut = ReadonlyMap<Node, number>;

/** Where we are ourselves, and what is known of our like. */
export interface Ourselves {
  /** Empty when nobody said. */
  readonly zone: string;
  readonly peers: Peers;
}

/** All nodes there are, and a number that grows with every change of the list. */
interface Listed {
  readonly listed: number;
  readonly live: { readonly size: number };
}

/** How often our part of a service is made anew while its list changes, as long as half of it is left. */
const RENEW_MS = 1_000;

/** Chooses our part of a service, and keeps it up to date. */
export class Aperture {
  /** Our part; nothing while all are called. */
  cut: Cut | undefined;
  readonly #policy: Policy['aperture'];
  readonly #we: Ourselves;
  #listed = -1;
  #all: Standing | undefined;
  #near: Standing | undefined;
  #at = Number.NEGATIVE_INFINITY;
  #chosen = 0; // how many there were when it was chosen

  constructor(policy: Policy['aperture'], we: Ourselves) {
    this.#policy = policy;
    this.#we = we;
  }

  /** Whether there is anything to choose in a service of so many endpoints, or anything chosen. */
  concerns(size: number): boolean {
    return size > this.#policy.above || this.cut !== undefined;
  }

  /**
   * Makes it anew where the list, or our place among our like, has changed; not each time while many come and go. Of all
   * that take calls our part has so many `left`. `tiers` gives the nodes there are, by level: each is cut for itself. Says
   * whether it did.
   */
  renew(
    { listed, live: { size } }: Listed,
    left: number,
    tiers: () => ReadonlyMap<number, readonly Node[]>,
    now: number,
  ): boolean {
    const { mode, above } = this.#policy;
    if (size <= above) {
      const had = this.cut !== undefined;
      this.cut = undefined;
      this.#listed = -1;
      return had;
    }
    const { peers, zone } = this.#we;
    const all = mode === 'ring' ? peers.standing(undefined, now) : undefined;
    const near = mode === 'ring' && zone !== '' ? peers.standing(zone, now) : all;
    const moved = all !== this.#all || near !== this.#near;
    const canWait = now - this.#at < RENEW_MS && left * 2 >= this.#chosen;
    if (!moved && (listed === this.#listed || canWait)) return false;
    this.#listed = listed;
    this.#all = all;
    this.#near = near;
    this.#at = now;
    const had = this.cut !== undefined;
    this.cut = mode === 'ring' && all === undefined ? undefined : this.#cut(tiers());
    this.#chosen = this.cut?.size ?? 0;
    return had || this.cut !== undefined;
  }

  #cut(tiers: ReadonlyMap<number, readonly Node[]>): Cut | undefined {
    if ([...tiers.values()].reduce((sum, { length }) => sum + length, 0) <= this.#policy.above) return undefined;
    const cut = new Map<Node, number>();
    const isZoned = tiers.size > 1;
    for (const [tier, nodes] of tiers) {
      const standing = isZoned && (tier & 1) === 0 ? this.#near : this.#all;
      for (const [node, share] of this.#part(nodes, standing)) cut.set(node, share);
    }
    return cut;
  }

  #part(nodes: readonly Node[], standing: Standing | undefined): Iterable<readonly [Node, number]> {
    const { mode, size } = this.#policy;
    if (nodes.length <= size) return nodes.map((node) => [node, 1]);
    if (mode === 'rendezvous') {
      return shuffled(nodes, this.#we.peers.seed)
        .slice(0, size)
        .map((node) => [node, 1]);
    }
    if (standing === undefined) return nodes.map((node) => [node, 1]);
    const ring = shuffled(nodes, 0); // neighbours of one list are often of one machine; all of us shuffle alike
    const weights = ring.map(({ endpoint }) => endpoint.weight);
    const shares = arcShares(weights, standing, size);
    return ring.flatMap((node, at) => (shares[at]! > 0 ? [[node, shares[at]!] as const] : []));
  }
}

/** In an order that the seed decides: gRPC's random subsetting (proposal A68), by the hash of each address. */
function shuffled(nodes: readonly Node[], seed: number): readonly Node[] {
  const hash = new Xxh64();
  const placed = nodes.map((node) => {
    const { hi, lo } = hash.text(node.endpoint.address, seed);
    return { node, hi, lo };
  });
  placed.sort((a, b) => a.hi - b.hi || a.lo - b.lo || (a.node.endpoint.id < b.node.endpoint.id ? -1 : 1));
  return placed.map(({ node }) => node);
}
