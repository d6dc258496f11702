import { Agenda } from './agenda.ts';
import type { Clock, Timer } from './clock.ts';
import { type Linked, leave, Ring } from './ring.ts';

/** A timeout that waits in a queue of its equals. */
export interface Timeout {
  /** Forgets it. Costs a few nanoseconds; does nothing once it has fired. */
  cancel(): void;
}

const QUEUES = 32; // lengths come from the policy, so a handful

/**
 * Timeouts for many calls at once. Calls of one policy wait equally long, so they fall due in the order they came: one
 * queue and one timer serve them all, where a timer each would cost twenty times as much. The timer stays armed between
 * calls, and keeps no process alive.
 */
export class Timeouts {
  readonly #clock: Clock;
  readonly #queues = new Map<number, Queue>();
  readonly #agenda: Agenda;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#agenda = new Agenda(clock);
  }

  /**
   * Runs `task(subject)` once, `ms` from `now` (the clock's, which the caller has just read), unless cancelled first.
   * One task serves for many subjects, so that a call needs no function of its own.
   */
  after<T>(ms: number, now: number, task: (subject: T) => void, subject: T): Timeout {
    let queue = this.#queues.get(ms);
    if (queue === undefined) {
      if (this.#queues.size >= QUEUES) return this.#agenda.at(now + ms, task, subject);
      queue = new Queue(this.#clock);
      this.#queues.set(ms, queue);
    }
    const due = now + ms;
    if (due < queue.latest) return this.#agenda.at(due, task, subject); // it would wait for those who came before
    return queue.add(new Waiting(due, task as (subject: unknown) => void, subject));
  }

  /** Runs `task(subject)` once, at `due`, unless cancelled first: for moments that others choose, which all differ. */
  at<T>(due: number, task: (subject: T) => void, subject: T): Timeout {
    return this.#agenda.at(due, task, subject);
  }

  /** How many wait; for tests, since it counts them. */
  get waiting(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.waiting, this.#agenda.waiting);
  }

  /** Drops every queue and its timer; nothing that waits will fire. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
    this.#agenda.close();
  }
}

/** One length of time: what waits, in the order of falling due, and one timer for the first of it. */
class Queue {
  readonly #clock: Clock;
  readonly #waiting = new Ring<Waiting>();
  #timer: Timer | undefined;
  /** When the one that came last falls due. */
  latest = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(waiting: Waiting): Waiting {
    this.latest = waiting.due;
    this.#waiting.add(waiting);
    if (this.#timer === undefined) this.#arm();
    return waiting;
  }

  get waiting(): number {
    return [...this.#waiting].length;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const first = this.#waiting.first!;
    this.#timer = this.#clock.schedule(Math.max(0, first.due - this.#clock.now()), () => this.#fire());
    this.#timer.hold(false); // like AbortSignal.timeout: what is waited for keeps the process alive, not the waiting
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    try {
      for (let first = this.#waiting.first; first !== undefined && first.due <= now; first = this.#waiting.first) {
        const { task, subject } = first;
        first.cancel();
        task?.(subject);
      }
    } finally {
      if (this.#timer === undefined && !this.#waiting.isEmpty) this.#arm(); // also when a task throws
    }
  }
}

class Waiting implements Timeout, Linked {
  before: Linked = this;
  behind: Linked = this;
  readonly due: number;
  task: ((subject: unknown) => void) | undefined;
  subject: unknown;

  constructor(due: number, task: (subject: unknown) => void, subject: unknown) {
    this.due = due;
    this.task = task;
    this.subject = subject;
  }

  cancel(): void {
    leave(this);
    this.task = this.subject = undefined; // a finished call is not kept alive
  }
}
