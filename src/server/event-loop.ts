import { performance as node } from 'node:perf_hooks';

/** How busy the one thread is that does all the work. */
export interface EventLoop {
  /** Milliseconds for which it has been held up in this turn, since the first that asked. */
  heldMs(now: number): number;
  /** For how long it was, in the turn before, when the last one asked. */
  readonly heldBeforeMs: number;
  /** The share of its time that it works, from 0 to 1. */
  utilization(now: number): number;
}

/** The event loop as Node shows it. */
export interface Node {
  /** Milliseconds that it has worked and waited, since it began. */
  busy(): { readonly active: number; readonly idle: number };
  /** Runs `task` when this turn has done all that was ready. */
  afterTurn(task: () => void): void;
  /** Runs `task` in this turn still, once all promises have settled that can. */
  afterPromises(task: () => void): void;
}

/** The event loop that we run on. */
export const REAL: Node = {
  busy: () => node.eventLoopUtilization(),
  afterTurn: (task) => void setImmediate(task),
  afterPromises: (task) => queueMicrotask(() => process.nextTick(task)), // ticks come when no microtask is left
};

const UTILIZATION_MS = 100;

/**
 * Measures the event loop, when somebody asks. All requests that are ready are begun in one turn, one after the other:
 * each that takes the thread for itself holds up all behind it, and they can not be counted before they are begun. What
 * can be known is for how long the turn has gone on.
 */
export class MeasuredEventLoop implements EventLoop {
  readonly #node: Node;
  #turnAt = Number.NaN;
  #heldMs = 0;
  #heldBeforeMs = 0;
  #before: ReturnType<Node['busy']> | undefined;
  #measuredAt = 0;
  #utilization = 0;

  constructor(node: Node = REAL) {
    this.#node = node;
  }

  heldMs(now: number): number {
    if (Number.isNaN(this.#turnAt)) {
      this.#turnAt = now;
      this.#node.afterTurn(this.#turned);
    }
    this.#heldMs = now - this.#turnAt;
    return this.#heldMs;
  }

  get heldBeforeMs(): number {
    return this.#heldBeforeMs;
  }

  utilization(now: number): number {
    if (this.#before === undefined || now - this.#measuredAt >= UTILIZATION_MS) {
      const { active, idle } = this.#node.busy();
      const worked = active - (this.#before?.active ?? 0);
      const total = worked + idle - (this.#before?.idle ?? 0);
      if (total > 0) this.#utilization = worked / total;
      this.#before = { active, idle };
      this.#measuredAt = now;
    }
    return this.#utilization;
  }

  readonly #turned = (): void => {
    this.#turnAt = Number.NaN;
    this.#heldBeforeMs = this.#heldMs;
  };
}
