import type { Xxh64 } from './xxh64.ts';

/** Something to place: what its places are hashed from, and its weight, above 0. */
export interface Placed {
  readonly key: string;
  readonly weight: number;
}

/** Says for each hash whose it is. */
export interface Placement {
  /** The index of the owner of what was hashed last; `attempt` 0 is the owner, 1 and on are others to turn to. */
  owner(hash: Xxh64, attempt: number): number;
}

/** How many places a ring has, at least and at most; more are more even, and take longer to build. */
export interface RingSize {
  readonly least: number;
  readonly most: number;
}

/** Envoy's least; at most what is built in some tens of milliseconds, where Envoy would go on to eight million. */
const USUAL: RingSize = { least: 1_024, most: 65_536 };

/**
 * A hash ring, place by place as Envoy's `ring_hash` builds it (ketama with XXH64): each member has places in number by
 * its weight, hashed from its key and a counter; a hash belongs to the first place that is not below it. When a member
 * goes, only what it had moves.
 */
export class HashRing implements Placement {
  readonly #hi: Uint32Array;
  readonly #lo: Uint32Array;
  readonly #owners: Uint32Array;

  /** The order of the `members` decides only who has the odd place, where weights are not multiples of each other. */
  constructor(members: readonly Placed[], hash: Xxh64, { least, most }: RingSize = USUAL) {
    const [hi, lo, owners]: [number[], number[], number[]] = [[], [], []];
    let target = 0;
    for (const [index, share] of sharesOf(members, least, most).entries()) {
      target += share;
      for (let count = 0; owners.length < target; count++) {
        hash.text(`${members[index]!.key}_${count}`);
        hi.push(hash.hi);
        lo.push(hash.lo);
        owners.push(index);
      }
    }
    const order = Uint32Array.from(owners.keys()).sort((a, b) => hi[a]! - hi[b]! || lo[a]! - lo[b]!);
    this.#hi = Uint32Array.from(order, (at) => hi[at]!);
    this.#lo = Uint32Array.from(order, (at) => lo[at]!);
    this.#owners = Uint32Array.from(order, (at) => owners[at]!);
  }

  /** How many places there are. */
  get size(): number {
    return this.#owners.length;
  }

  owner({ hi, lo }: { readonly hi: number; readonly lo: number }, attempt = 0): number {
    let [from, to] = [0, this.size];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#hi[middle]! < hi || (this.#hi[middle] === hi && this.#lo[middle]! < lo)) from = middle + 1;
      else to = middle;
    }
    return this.#owners[(from + attempt) % this.size]!;
  }
}

/** How many places are due to each: whole numbers for the lightest, unless that makes them too many. */
function sharesOf(members: readonly Placed[], least: number, most: number): number[] {
  const shares = normalized(members);
  const lightest = shares.reduce((min, share) => Math.min(min, share), 1);
  const scale = Math.min(Math.ceil(lightest * least) / lightest, most);
  return shares.map((share) => scale * share);
}

/** Weights as shares of the whole. */
export function normalized(members: readonly Placed[]): number[] {
  const whole = members.reduce((sum, { weight }) => sum + weight, 0);
  return members.map(({ weight }) => weight / whole);
}
