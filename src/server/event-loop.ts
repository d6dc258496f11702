import { performance as node } from 'node:perf_hooks';
import type { Clock, Timer } from '../core/clock.ts';

/** How busy the one thread is that does all the work. */
export interface EventLoop {
  /** Milliseconds by which what is due is done late, as it stands. */
  lagMs(now: number): number;
  /** The share of its time that it works, from 0 to 1. */
  utilization(now: number): number;
}

/** Milliseconds that the event loop has worked and waited, since it began. */
export type Busy = () => { readonly active: number; readonly idle: number };

const BEAT_MS = 10;
const UNASKED_MS = 1_000; // nobody wants to know any more
const UTILIZATION_MS = 100;

/**
 * Measures the event loop while somebody asks: a timer that keeps no process alive says how late it is. One that is
 * overdue says so before it has run, so that a turn that takes too long is seen within the turn.
 */
export class MeasuredEventLoop implements EventLoop {
  readonly #clock: Clock;
  readonly #busy: Busy;
  #timer: Timer | undefined;
  #due = 0;
  #askedAt = 0;
  #lagMs = 0;
  #before: ReturnType<Busy> | undefined;
  #measuredAt = 0;
  #utilization = 0;

  constructor(clock: Clock, busy: Busy = () => node.eventLoopUtilization()) {
    this.#clock = clock;
    this.#busy = busy;
  }

  lagMs(now: number): number {
    this.#askedAt = now;
    if (this.#timer === undefined) this.#arm(now);
    return Math.max(this.#lagMs, now - this.#due);
  }

  utilization(now: number): number {
    if (this.#before === undefined || now - this.#measuredAt >= UTILIZATION_MS) {
      const { active, idle } = this.#busy();
      const worked = active - (this.#before?.active ?? 0);
      const total = worked + idle - (this.#before?.idle ?? 0);
      if (total > 0) this.#utilization = worked / total;
      this.#before = { active, idle };
      this.#measuredAt = now;
    }
    return this.#utilization;
  }

  /** Asks no more. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(now: number): void {
    this.#due = now + BEAT_MS;
    this.#timer = this.#clock.schedule(BEAT_MS, () => this.#beat());
    this.#timer.hold(false);
  }

  /** A peak counts at once, and half of it each beat after. */
  #beat(): void {
    const now = this.#clock.now();
    this.#timer = undefined;
    const isAsked = now - this.#askedAt < UNASKED_MS;
    this.#lagMs = isAsked ? Math.max(now - this.#due, this.#lagMs / 2) : 0;
    this.#due = now;
    if (isAsked) this.#arm(now);
  }
}
