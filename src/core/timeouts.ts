import type { Clock, Timer } from './clock.ts';

/** A timeout that waits in a queue of its equals. */
export interface Timeout {
  /** Forgets it. Costs a few nanoseconds; does nothing once it has fired. */
  cancel(): void;
}

const QUEUES = 32; // lengths come from the policy, so a handful; a caller's odd ones get a timer each

/**
 * Timeouts for many calls at once. Calls of one policy wait equally long, so they fall due in the order they came: one
 * queue and one timer serve them all, where a timer each would cost twenty times as much.
 */
export class Timeouts {
  readonly #clock: Clock;
  readonly #queues = new Map<number, Queue>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `task` once, `ms` from `now` (the clock's, which the caller has just read), unless cancelled first. */
  after(ms: number, now: number, task: () => void): Timeout {
    let queue = this.#queues.get(ms);
    if (queue === undefined) {
      if (this.#queues.size >= QUEUES) return this.#clock.schedule(ms, task);
      queue = new Queue(this.#clock);
      this.#queues.set(ms, queue);
    }
    return queue.add(now + ms, task);
  }

  /** Drops every queue and its timer; nothing that waits will fire. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
  }
}

/** One length of time, in the order of falling due: a doubly linked list and one timer for its head. */
class Queue {
  readonly #clock: Clock;
  readonly #ends: Waiting; // a ring: next is the head, prev the tail
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ends = new Waiting(this, 0, undefined);
  }

  add(due: number, task: () => void): Waiting {
    const waiting = new Waiting(this, due, task);
    const ends = this.#ends;
    const wasEmpty = ends.next === ends;
    waiting.prev = ends.prev;
    waiting.next = ends;
    ends.prev.next = waiting;
    ends.prev = waiting;
    if (this.#timer === undefined) this.#arm();
    else if (wasEmpty) this.#timer.hold(true);
    return waiting;
  }

  remove(waiting: Waiting): void {
    waiting.prev.next = waiting.next;
    waiting.next.prev = waiting.prev;
    waiting.prev = waiting.next = waiting; // a finished call keeps no other call alive
    waiting.task = undefined;
    // The timer stays armed, since the next call needs one; but a process with nothing else to do may end.
    if (this.#ends.next === this.#ends) this.#timer?.hold(false);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const head = this.#ends.next;
    this.#timer = this.#clock.schedule(Math.max(0, head.due - this.#clock.now()), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let head = this.#ends.next; head !== this.#ends && head.due <= now; head = this.#ends.next) {
      const task = head.task;
      this.remove(head);
      task?.();
    }
    if (this.#timer === undefined && this.#ends.next !== this.#ends) this.#arm();
  }
}

class Waiting implements Timeout {
  prev: Waiting = this;
  next: Waiting = this;
  readonly due: number;
  task: (() => void) | undefined;
  readonly #queue: Queue;

  constructor(queue: Queue, due: number, task: (() => void) | undefined) {
    this.#queue = queue;
    this.due = due;
    this.task = task;
  }

  cancel(): void {
    if (this.task !== undefined) this.#queue.remove(this);
  }
}
