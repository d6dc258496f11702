import type { Clock, Timer } from './clock.ts';

/**
 * Timeouts of any lengths, such as strangers choose: those that wait stand in a heap, and one timer serves the earliest.
 * A timer each would cost ten times as much. The timer stays armed when what it was for is forgotten, as the next is
 * hardly ever earlier; it keeps no process alive.
 */
export class Agenda {
  readonly #clock: Clock;
  /** No entry is due before the one above it, at half its place. */
  readonly #heap: Entry[] = [];
  #timer: Timer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#heap.length;
  }

  /** Runs `task(subject)` once, at `due` or soon after, unless cancelled first. */
  at<T>(due: number, task: (subject: T) => void, subject: T): Pick<Timer, 'cancel'> {
    const entry = new Entry(this, due, task as (subject: unknown) => void, subject);
    this.#rise(entry, this.#heap.length);
    if (due < this.#armedFor) this.#arm(due);
    return entry;
  }

  /** @internal Takes an entry out that stands at `place`. */
  remove(place: number): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (place === heap.length) return;
    const above = heap[(place - 1) >> 1];
    if (place > 0 && last.due < above!.due) this.#rise(last, place);
    else this.#sink(last, place);
  }

  /** Nothing that waits will come. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    for (const entry of this.#heap.splice(0)) entry.place = GONE;
  }

  #rise(entry: Entry, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const half = (place - 1) >> 1;
      const above = heap[half]!;
      if (above.due <= entry.due) break;
      heap[place] = above;
      above.place = place;
      place = half;
    }
    heap[place] = entry;
    entry.place = place;
  }

  #sink(entry: Entry, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (let next = 2 * place + 1; next < heap.length; next = 2 * place + 1) {
      const right = heap[next + 1];
      if (right !== undefined && right.due < heap[next]!.due) next++;
      const below = heap[next]!;
      if (entry.due <= below.due) break;
      heap[place] = below;
      below.place = place;
      place = next;
    }
    heap[place] = entry;
    entry.place = place;
  }

  #arm(due: number): void {
    this.#timer?.cancel();
    this.#armedFor = due;
    this.#timer = this.#clock.schedule(Math.max(0, due - this.#clock.now()), () => this.#fire());
    this.#timer.hold(false);
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    try {
      for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
        const { task, subject } = first;
        first.cancel();
        task!(subject);
      }
    } finally {
      const [first] = this.#heap;
      if (first !== undefined && first.due < this.#armedFor) this.#arm(first.due); // also when a task throws
    }
  }
}

const GONE = -1;

class Entry implements Pick<Timer, 'cancel'> {
  readonly #agenda: Agenda;
  readonly due: number;
  place = GONE;
  task: ((subject: unknown) => void) | undefined;
  subject: unknown;

  constructor(agenda: Agenda, due: number, task: (subject: unknown) => void, subject: unknown) {
    this.#agenda = agenda;
    this.due = due;
    this.task = task;
    this.subject = subject;
  }

  cancel(): void {
    if (this.place === GONE) return;
    this.#agenda.remove(this.place);
    this.place = GONE;
    this.task = this.subject = undefined; // what is over is not kept alive
  }
}
