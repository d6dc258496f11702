import type { Clock } from '../core/clock.ts';
import { type Linked, leave, Ring } from '../core/ring.ts';
import type { Scope } from '../core/scope.ts';
import { type Node, REAL } from './event-loop.ts';

const TURN_MS = 1; // for which requests begin in one turn: the turn itself costs a hundredth of that
const WEIGHT = 0.1; // of the last that began, in what is expected of the next

/**
 * Lets requests begin a few in each turn of the event loop. Node begins all that are ready in one turn, so whoever comes
 * last is not even read before all before it have had the thread for as long as they like. Here all that has come is
 * read first, and what is refused is refused at once; then those begin that were let in, in the order they came.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #node: Node;
  readonly #waiters = new Ring<Waiter>();
  #waiting = 0;
  #going = false;
  #turnAt = 0;
  #beganAt = 0;
  #lastMs = 0;
  #usualMs = 0;

  constructor(clock: Pick<Clock, 'now'>, node: Node = REAL) {
    this.#clock = clock;
    this.#node = node;
  }

  /** How many wait to begin. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Milliseconds that those who wait are going to take, if they take as long as others before they gave the thread back. */
  get aheadMs(): number {
    return this.#waiting * this.#usualMs;
  }

  /** Milliseconds that those took who began last in one turn. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Waits to begin. Rejects with the scope's reason. */
  wait(scope: Scope): Promise<void> {
    return new Promise((resolve, reject) => {
      if (scope.cancelled) return reject(scope.reason);
      this.#waiters.add(new Waiter(scope, resolve, reject, () => this.#waiting--));
      this.#waiting++;
      if (this.#going) return;
      this.#going = true;
      this.#node.afterTurn(this.#turn);
    });
  }

  readonly #turn = (): void => {
    this.#turnAt = this.#clock.now();
    this.#begin(this.#turnAt);
  };

  #begin(now: number): void {
    const { first } = this.#waiters;
    this.#going = first !== undefined;
    if (first === undefined) return;
    this.#beganAt = now;
    first.begin();
    this.#node.afterPromises(this.#given);
  }

  /** Who began last has given the thread back. */
  readonly #given = (): void => {
    const now = this.#clock.now();
    this.#usualMs += (now - this.#beganAt - this.#usualMs) * (this.#usualMs === 0 ? 1 : WEIGHT);
    this.#lastMs = now - this.#turnAt;
    if (this.#lastMs < TURN_MS) this.#begin(now);
    else this.#node.afterTurn(this.#turn);
  };
}

class Waiter implements Linked {
  before: Linked = this;
  behind: Linked = this;
  readonly #scope: Scope;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  readonly #left: () => void;

  constructor(scope: Scope, resolve: () => void, reject: (reason: unknown) => void, left: () => void) {
    this.#scope = scope;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#left = left;
    scope.onCancel(this);
  }

  begin(): void {
    this.#over();
    this.#resolve();
  }

  /** Nobody waits for it any more. */
  calledOff(reason: unknown): void {
    this.#over();
    this.#reject(reason);
  }

  #over(): void {
    leave(this);
    this.#scope.offCancel(this);
    this.#left();
  }
}
