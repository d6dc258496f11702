import { PRIORITIES, type Priority } from './priority.ts';
import { type Linked, leave, Ring } from './ring.ts';
import type { CancelListener, Scope } from './scope.ts';
import type { Timeout, Timeouts } from './timeouts.ts';

/**
 * How many times a limit each may fill: what can be done without leaves when half of it is in use, and what matters most
 * comes in until it is in use twice. So the least important is refused first, and the most important hardly ever.
 */
export const SHARES: Readonly<Record<Priority, number>> = { critical: 2, default: 1, sheddable: 0.5 };

/** How many may be under way for one more of this priority to be let in. */
export const shareOf = (limit: number, priority: Priority): number => Math.ceil(limit * SHARES[priority]);

/** Who asks to be let in. */
export interface Entrant {
  readonly scope: Scope;
  readonly priority: Priority;
  /** Whether there is room for it, as things stand. */
  admits(): boolean;
  /** What it is told when it is not let in. */
  refusal(): Error;
}

/** How those who are not let in at once may wait. */
export interface Waiting {
  /** How many may wait; 0 has nobody wait. */
  readonly queue: number;
  /** Milliseconds that one waits at most; its scope may end sooner. */
  readonly wait: number;
  /** Who comes first among equals: the first or the last that came. */
  readonly order: 'fifo' | 'lifo';
}

/** Counts those under way, and keeps those waiting who are not let in yet: the most important is let in first. */
export class Admission {
  readonly #timeouts: Timeouts;
  readonly #rings: Readonly<Record<Priority, Ring<Waiter>>> = {
    critical: new Ring(),
    default: new Ring(),
    sheddable: new Ring(),
  };
  #order: Waiting['order'] = 'fifo';
  #inFlight = 0;
  #entering = 0;
  #queued = 0;
  readonly #waits: (somebody: boolean) => void;

  /** `waits` hears when somebody begins to wait, and when nobody does any more. */
  constructor(timeouts: Timeouts, waits: (somebody: boolean) => void = () => {}) {
    this.#timeouts = timeouts;
    this.#waits = waits;
  }

  /** How many were let in and have not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Those of them that waited and are just about to begin. */
  get entering(): number {
    return this.#entering;
  }

  /** How many wait. */
  get queued(): number {
    return this.#queued;
  }

  /** Whether nobody who matters as much waits already. */
  isNext(priority: Priority): boolean {
    if (this.#queued === 0) return true;
    for (const other of PRIORITIES) {
      if (!this.#rings[other].isEmpty) return false;
      if (other === priority) return true;
    }
    return true;
  }

  /** One begins. Says how many are under way with it. */
  begin(): number {
    return ++this.#inFlight;
  }

  /** One has ended: those who wait come in as far as there is room. */
  end(): void {
    this.#inFlight--;
    this.look();
  }

  /** There may be room, whoever made it: those who wait come in as far as there is. */
  look(): void {
    for (const priority of this.#queued === 0 ? [] : PRIORITIES) {
      for (let next = this.#next(priority); next !== undefined; next = this.#next(priority)) {
        if (!next.entrant.admits()) return;
        this.#letIn(next);
      }
    }
  }

  /**
   * Waits to be let in; then it has begun, and `entered` is to be called when it really does. Where the queue is full,
   * somebody who matters less gives way. Rejects with the entrant's refusal, or its scope's reason.
   */
  wait(entrant: Entrant, { queue, wait, order }: Waiting, now: number): Promise<void> {
    this.#order = order;
    return new Promise((resolve, reject) => {
      if (entrant.scope.cancelled) return reject(entrant.scope.reason);
      const least = this.#queued < queue ? undefined : this.#least(entrant.priority, order);
      if (this.#queued >= queue && least === undefined) return reject(entrant.refusal());
      if (least !== undefined) this.#turnAway(least);
      const waiter = new Waiter(entrant, resolve, reject, () => {
        if (--this.#queued === 0) this.#waits(false);
      });
      this.#rings[entrant.priority].add(waiter);
      if (this.#queued++ === 0) this.#waits(true);
      if (wait !== Number.POSITIVE_INFINITY) {
        waiter.timeout = this.#timeouts.after(wait, now, (late) => this.#turnAway(late), waiter);
      }
    });
  }

  /** Whether one more of this priority would find a place to wait, for who only looks. */
  mayWait(priority: Priority, { queue, order }: Waiting): boolean {
    return this.#queued < queue || (queue > 0 && this.#least(priority, order) !== undefined);
  }

  /** One that was let in after waiting has really begun. */
  entered(): void {
    this.#entering--;
  }

  #next(priority: Priority): Waiter | undefined {
    const ring = this.#rings[priority];
    return this.#order === 'fifo' ? ring.first : ring.last;
  }

  /** Who gives way to one of this priority: of the least important, who would come in last. */
  #least(priority: Priority, order: Waiting['order']): Waiter | undefined {
    for (const other of PRIORITIES.toReversed()) {
      const ring = this.#rings[other];
      if (other === priority) return order === 'lifo' ? ring.first : undefined; // an equal, who has waited longest
      if (!ring.isEmpty) return order === 'lifo' ? ring.first : ring.last;
    }
    return undefined;
  }

  #letIn(waiter: Waiter): void {
    this.begin();
    this.#entering++;
    waiter.over();
    waiter.resolve();
  }

  #turnAway(waiter: Waiter): void {
    waiter.over();
    waiter.reject(waiter.entrant.refusal());
  }
}

class Waiter implements Linked {
  before: Linked = this;
  behind: Linked = this;
  readonly entrant: Entrant;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly #left: () => void;
  timeout: Timeout | undefined = undefined;

  constructor(entrant: Entrant, resolve: () => void, reject: (error: unknown) => void, left: () => void) {
    this.entrant = entrant;
    this.resolve = resolve;
    this.reject = reject;
    this.#left = left;
    entrant.scope.onCancel(this satisfies CancelListener);
  }

  /** Nobody waits for it any more. */
  calledOff(reason: unknown): void {
    this.over();
    this.reject(reason);
  }

  /** It waits no longer. */
  over(): void {
    leave(this);
    this.timeout?.cancel();
    this.entrant.scope.offCancel(this);
    this.#left();
  }
}
