import type { Clock, Timer } from '../core/clock.ts';

interface Task {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
  held: boolean;
}

/** A clock that stands still until told otherwise. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #epoch: number;
  #order = 0;
  readonly #tasks: Task[] = []; // a binary heap, the next due on top

  /** `now` is the first moment; `epoch` what the calendar says then, in milliseconds since 1970. */
  constructor(now = 0, epoch = Date.UTC(2026, 0, 1)) {
    this.#now = now;
    this.#epoch = epoch - now;
  }

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return this.#epoch + this.#now;
  }

  schedule(delayMs: number, run: () => void): Timer {
    const task: Task = { due: this.#now + Math.max(0, delayMs), order: this.#order++, run, held: true };
    push(this.#tasks, task);
    return {
      cancel: () => remove(this.#tasks, task),
      hold: (on) => {
        task.held = on;
      },
    };
  }

  /** How many timers wait and keep the process alive; 0 at the end of a test means that nothing was left behind. */
  get pending(): number {
    return this.#tasks.filter((task) => task.held).length;
  }

  /** How many timers wait in all. */
  get scheduled(): number {
    return this.#tasks.length;
  }

  /** Moves time on. Each timer fires at its own moment, and promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (await settled(); this.#fireBefore(end); await settled());
    this.#now = end;
  }

  /**
   * Moves time on, twice as fast as `advance`, for long simulations. Promises settle in between, but nothing that takes a
   * turn of the event loop does: no sockets, no files, no `setImmediate`.
   */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (await settled(); this.#fireBefore(end); await settled()) {
      for (let turn = 0; turn < TURNS; turn++) setImmediate(() => this.#fireBefore(end));
    }
    this.#now = end;
  }

  /** Fires the next timer that is due by `end`, if there is one. */
  #fireBefore(end: number): boolean {
    const task = this.#tasks[0];
    if (task === undefined || task.due > end) return false;
    remove(this.#tasks, task);
    this.#now = Math.max(this.#now, task.due);
    task.run();
    return true;
  }
}

const TURNS = 100; // Node settles all promises between two callbacks of setImmediate

/** Waits until every promise that can settle has. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const sooner = (a: Task, b: Task): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);

function push(heap: Task[], task: Task): void {
  rise(heap, heap.push(task) - 1);
}

function remove(heap: Task[], task: Task): void {
  const at = heap.indexOf(task);
  if (at < 0) return;
  const last = heap.pop()!;
  if (last === task) return;
  heap[at] = last;
  rise(heap, at);
  sink(heap, at);
}

function rise(heap: Task[], from: number): void {
  for (let at = from; at > 0; ) {
    const above = (at - 1) >> 1;
    if (sooner(heap[above]!, heap[at]!)) return;
    [heap[at], heap[above]] = [heap[above]!, heap[at]!];
    at = above;
  }
}

function sink(heap: Task[], from: number): void {
  for (let at = from; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && sooner(heap[child]!, heap[least]!)) least = child;
    }
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}
