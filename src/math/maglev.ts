import { normalized, type Placed, type Placement } from './ring.ts';
import { stirred, type Xxh64 } from './xxh64.ts';

const USUAL = 65_537; // a prime, as it must be

/**
 * The lookup table of Google's Maglev, entry by entry as Envoy fills it: shares follow weights nearly exactly, and a
 * look is one step. When a member goes, a few keys more than its own move.
 */
export class Maglev implements Placement {
  readonly #owners: Int32Array;

  /** `size` is a prime of at most 2 to the 20th. The order of the `members` does not matter. */
  constructor(members: readonly Placed[], hash: Xxh64, size = USUAL) {
    this.#owners = new Int32Array(size).fill(-1);
    const order = [...members.keys()].sort((a, b) =>
      members[a]!.key < members[b]!.key ? -1 : members[a]!.key > members[b]!.key ? 1 : a - b,
    );
    const steps = order.map((index) => {
      const { key } = members[index]!;
      return { at: hash.text(key).modulo(size), step: hash.text(key, 1).modulo(size - 1) + 1 };
    });
    this.#fill(order, steps, normalized(members));
  }

  /** How many entries there are. */
  get size(): number {
    return this.#owners.length;
  }

  owner(hash: Xxh64, attempt = 0): number {
    if (attempt === 0) return this.#owners[hash.modulo(this.size)]!;
    // Envoy turns all bits of the hash for another attempt, which mirrors the table: those that stand opposite get most.
    return this.#owners[stirred(hash.lo ^ Math.imul(attempt, 0x9e3779b1)) % this.size]!;
  }

  /** Members take entries by turns, each along its own permutation, and lighter ones miss turns. */
  #fill(order: readonly number[], steps: readonly Step[], shares: readonly number[]): void {
    const size = this.size;
    const heaviest = shares.reduce((max, share) => Math.max(max, share), 0);
    const targets = new Float64Array(order.length);
    let filled = 0;
    for (let turn = 1; filled < size; turn++) {
      for (let place = 0; place < order.length && filled < size; place++) {
        const index = order[place]!;
        if (turn * shares[index]! < targets[place]!) continue;
        targets[place]! += heaviest;
        const own = steps[place]!;
        while (this.#owners[own.at]! >= 0) own.at = (own.at + own.step) % size;
        this.#owners[own.at] = index;
        own.at = (own.at + own.step) % size;
        filled++;
      }
    }
  }
}

/** Where a member looks next, and how far on after that. */
interface Step {
  at: number;
  readonly step: number;
}
