/**
 * Something that can stand in one ring at a time; in none while its neighbours are itself. No class to derive from:
 * V8 looks for the constructor of a base class anew each time, which costs a call 30 ns.
 */
export interface Linked {
  /** @internal */ before: Linked;
  /** @internal */ behind: Linked;
}

/** Takes `member` out of the ring it stands in; does nothing when it stands in none. */
export function leave(member: Linked): void {
  member.before.behind = member.behind;
  member.behind.before = member.before;
  member.before = member.behind = member; // what has left keeps nothing else alive
}

/** Things in the order they came: joining and leaving cost a few nanoseconds and no memory. */
export class Ring<T extends Linked> {
  readonly #ends: Linked = new Ends();

  get first(): T | undefined {
    const first = this.#ends.behind;
    return first === this.#ends ? undefined : (first as T);
  }

  get last(): T | undefined {
    const last = this.#ends.before;
    return last === this.#ends ? undefined : (last as T);
  }

  get isEmpty(): boolean {
    return this.#ends.behind === this.#ends;
  }

  add(member: T): void {
    const ends = this.#ends;
    member.before = ends.before;
    member.behind = ends;
    ends.before.behind = member;
    ends.before = member;
  }

  /** Takes `member` out; does nothing when it stands in no ring. */
  delete(member: T): void {
    leave(member);
  }

  /** All that stand in it now. Any of them may leave meanwhile, not just the one at hand: who has left is passed over. */
  *[Symbol.iterator](): Iterator<T> {
    const all: Linked[] = [];
    for (let at = this.#ends.behind; at !== this.#ends; at = at.behind) all.push(at);
    for (const member of all) if (member.behind !== member) yield member as T;
  }
}

class Ends implements Linked {
  before: Linked = this;
  behind: Linked = this;
}
