import type { Cancel } from './live.ts';

type Listener = (reason: unknown) => void;

/**
 * Something that can be called off, once, for a reason. Does the work of an AbortController at a fraction of the price,
 * and becomes an AbortSignal only when somebody asks for one.
 */
export class Scope {
  #cancelled = false;
  #reason: unknown;
  #first: Listener | undefined; // nearly every scope has one or two listeners, so it needs no list
  #second: Listener | undefined;
  #others: Listener[] | undefined;
  #controller: AbortController | undefined;

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
    this.#first = this.#second = this.#others = undefined;
    first?.(reason);
    second?.(reason);
    if (others !== undefined) for (const listener of others) listener(reason);
    this.#controller?.abort(reason);
  }

  /** Runs `listener` when it is called off; at once if it has been. */
  onCancel(listener: Listener): void {
    if (this.#cancelled) listener(this.#reason);
    else if (this.#first === undefined) this.#first = listener;
    else if (this.#second === undefined) this.#second = listener;
    else if (this.#others === undefined) this.#others = [listener];
    else this.#others.push(listener);
  }

  /** Takes a listener away again. */
  offCancel(listener: Listener): void {
    if (this.#first === listener) this.#first = undefined;
    else if (this.#second === listener) this.#second = undefined;
    else if (this.#others !== undefined) this.#others = this.#others.filter((other) => other !== listener);
  }
}

/** Calls `scope` off when `signal` aborts, with the signal's own reason. Gives back the way to let go. */
export function follow(signal: AbortSignal, scope: Scope): Cancel {
  if (signal.aborted) {
    scope.cancel(signal.reason);
    return () => {};
  }
  const listener = () => scope.cancel(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
