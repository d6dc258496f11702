import type { Cancel } from './live.ts';
import type { Linked } from './ring.ts';

/** Hears that something was called off: a function, or an object that would need a function of its own. */
export type CancelListener = ((reason: unknown) => void) | { calledOff(reason: unknown): void };

/**
 * Something that can be called off, once, for a reason. Does the work of an AbortController at a fraction of the price,
 * and becomes an AbortSignal only when somebody asks for one.
 */
export class Scope implements Linked {
  /** @internal */ before: Linked = this;
  /** @internal */ behind: Linked = this;
  /** The moment, on the mesh's clock, when it will be called off; set by who sees to that. Infinity before. */
  due: number;
  #cancelled = false;
  #reason: unknown = undefined;
  #first: CancelListener | undefined = undefined; // nearly every scope has one listener or two, so it needs no list
  #second: CancelListener | undefined = undefined;
  #others: CancelListener[] | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #timer: { cancel(): void } | undefined = undefined;

  /** `due` is when it will be called off, where that is known. */
  constructor(due = Number.POSITIVE_INFINITY) {
    this.due = due;
  }

  /** Whether it was called off. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Why it was called off; nothing before. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same news as an AbortSignal, for clients that understand only that. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Calls it off. Only the first time counts. */
  cancel(reason: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    const [first, second, others] = [this.#first, this.#second, this.#others];
    this.end();
    if (first !== undefined) tell(first, reason);
    if (second !== undefined) tell(second, reason);
    if (others !== undefined) for (const listener of others) tell(listener, reason);
    this.#controller?.abort(reason);
  }

  /** Tells `listener` when it is called off; at once if it has been. */
  onCancel(listener: CancelListener): void {
    if (this.#cancelled) tell(listener, this.#reason);
    else if (this.#first === undefined) this.#first = listener;
    else if (this.#second === undefined) this.#second = listener;
    else if (this.#others === undefined) this.#others = [listener];
    else this.#others.push(listener);
  }

  /** Takes a listener away again. */
  offCancel(listener: CancelListener): void {
    if (this.#first === listener) this.#first = undefined;
    else if (this.#second === listener) this.#second = undefined;
    else if (this.#others !== undefined) this.#others = this.#others.filter((other) => other !== listener);
  }

  /** Takes charge of a timer, which is cancelled when the scope ends. */
  keep(timer: { cancel(): void }): void {
    this.#timer = timer;
  }

  /** What was in scope is done: the timer goes, and so do the listeners. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = this.#first = this.#second = this.#others = undefined;
  }
}

function tell(listener: CancelListener, reason: unknown): void {
  if (typeof listener === 'function') listener(reason);
  else listener.calledOff(reason);
}

/** Calls `scope` off when `signal` aborts, for the reason that `why` gives then. Gives back the way to let go. */
export function follow(signal: AbortSignal, scope: Scope, why: () => unknown = () => signal.reason): Cancel {
  if (signal.aborted) {
    scope.cancel(why());
    return () => {};
  }
  const listener = () => scope.cancel(why());
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
