import { PARTS } from './parts.ts';

/** Where each member of a set stands. A `Map`, unless the members can remember it themselves. */
export interface Places<T> {
  get(member: T): number | undefined;
  set(member: T, at: number): void;
  delete(member: T): void;
}

/**
 * Things to draw from by weight. Adding, removing, reweighing and drawing take a step for each doubling of the size,
 * and a single step while all weights are equal, as they mostly are. A binary indexed tree (Fenwick 1994).
 */
export class WeightedSet<T> {
  readonly #members: T[] = [];
  readonly #weights: number[] = [];
  readonly #at: Places<T>;
  #tree: Float64Array | undefined; // only once weights differ
  #total = 0;
  #version = 0;

  constructor(places: Places<T> = new Map<T, number>()) {
    this.#at = places;
  }

  get size(): number {
    return this.#members.length;
  }

  get total(): number {
    return this.#total;
  }

  /** Grows with every change of members or weights: what was made from an earlier version has to be made anew. */
  get version(): number {
    return this.#version;
  }

  /** Whether all weights are known to be equal. */
  get even(): boolean {
    return this.#tree === undefined;
  }

  has(member: T): boolean {
    return this.#at.get(member) !== undefined;
  }

  at(index: number): T | undefined {
    return this.#members[index];
  }

  /** The weight of the member at that place. */
  weight(index: number): number {
    return this.#weights[index]!;
  }

  /** The weight of a member. */
  weightOf(member: T): number {
    return this.#weights[this.#at.get(member)!]!;
  }

  /** Whether two members weigh the same. */
  alike(one: T, other: T): boolean {
    return this.#weights[this.#at.get(one)!] === this.#weights[this.#at.get(other)!];
  }

  /**
   * How many of the `count` of a member fall to as much of it as the lighter of the two weighs: whole ones, up or down as
   * chance has it, one of the `PARTS`. Weights are not given out for this: each would be an object.
   */
  fall(member: T, other: T, count: number, part: number): number {
    const weight = this.#weights[this.#at.get(member)!]!;
    const unit = Math.min(weight, this.#weights[this.#at.get(other)!]!);
    return Math.floor((count * unit) / weight + part / PARTS);
  }

  /** How many of the `count` may be a member's, where each may have `bound` times what is due to its weight; rounded up. */
  most(member: T, count: number, { bound }: { readonly bound: number }): number {
    return Math.ceil((count * bound * this.#weights[this.#at.get(member)!]!) / this.#total);
  }

  /** Adds `member`, or gives it another weight. `weight` is above 0. */
  set(member: T, weight: number): void {
    const at = this.#at.get(member);
    if (at !== undefined) {
      this.#reweigh(at, weight);
      return;
    }
    const index = this.#members.length;
    this.#at.set(member, index);
    this.#members.push(member);
    this.#weights.push(0);
    if (this.#tree !== undefined && this.#tree.length <= index + 1) this.#plant();
    this.#reweigh(index, weight);
  }

  /** Takes `member` out; the last one moves to its place. */
  delete(member: T): boolean {
    const at = this.#at.get(member);
    if (at === undefined) return false;
    const last = this.#members.length - 1;
    if (at !== last) {
      this.#reweigh(at, this.#weights[last]!);
      this.#members[at] = this.#members[last]!;
      this.#at.set(this.#members[at]!, at);
    }
    this.#reweigh(last, 0);
    this.#members.pop();
    this.#weights.pop();
    this.#at.delete(member);
    if (last === 0) {
      this.#tree = undefined;
      this.#total = 0; // and with it what rounding left behind
    }
    return true;
  }

  /** The member at one of the `PARTS` of the whole weight, a whole number from 0 on. */
  draw(part: number): T | undefined {
    const size = this.#members.length;
    if (this.#tree === undefined) return this.#members[Math.floor((part / PARTS) * size)];
    const tree = this.#tree;
    let index = 0;
    let left = (part / PARTS) * this.#total; // not in one list with the other: what is in a list is an object
    for (let step = tree.length >> 1; step > 0; step >>= 1) {
      const next = index + step;
      if (next <= size && tree[next]! <= left) {
        index = next;
        left -= tree[next]!;
      }
    }
    return this.#members[Math.min(index, size - 1)]; // rounding may step past the end
  }

  #reweigh(at: number, weight: number): void {
    const change = weight - this.#weights[at]!;
    if (change === 0) return;
    this.#version++;
    this.#weights[at] = weight;
    this.#total += change;
    if (this.#tree === undefined) {
      const other = this.#weights[at === 0 ? 1 : 0];
      if (weight !== 0 && other !== undefined && weight !== other) this.#plant();
      return;
    }
    for (let index = at + 1; index < this.#tree.length; index += index & -index) this.#tree[index]! += change;
  }

  /** Finds out whether weights that differed are equal again, so that drawing is a single step again. */
  settle(): void {
    const first = this.#weights[0];
    if (this.#tree === undefined || !this.#weights.every((weight) => weight === first)) return;
    this.#tree = undefined;
    this.#total = this.#weights.length * (first ?? 0);
  }

  /** Builds the tree anew, with room to double. */
  #plant(): void {
    const room = 2 ** Math.ceil(Math.log2(this.#members.length * 2 + 2));
    const tree = new Float64Array(room);
    this.#total = 0;
    for (const [at, weight] of this.#weights.entries()) {
      this.#total += weight;
      for (let index = at + 1; index < room; index += index & -index) tree[index]! += weight;
    }
    this.#tree = tree;
  }
}
