import { quiet } from './quiet.ts';

/** Stops what was started. Calling it again does nothing. */
export type Cancel = () => void;

/** A value that changes. Watchers hear the value now and every value after, always whole. */
export interface Live<T> {
  /** What it is now. */
  readonly value: T;
  /** Tells `watcher` the value now, and every value after, until cancelled. */
  watch(watcher: (value: T) => void): Cancel;
}

/** A `Live` that its owner can set. */
export class LiveValue<T> implements Live<T> {
  #value: T;
  readonly #watchers = new Set<{ readonly tell: (value: T) => void }>();

  /** Begins with `value`. */
  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /**
   * Replaces the whole value; watchers hear of it once, and only if it is a different one. One that throws keeps it neither
   * from the others nor from whoever set it.
   */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) {
      if (!this.#watchers.has(watcher)) continue; // cancelled by a watcher before it
      unharmed(watcher.tell, value);
      if (!Object.is(value, this.#value)) return; // a watcher set a newer one, which all have heard by now
    }
  }

  watch(tell: (value: T) => void): Cancel {
    const watcher = { tell };
    this.#watchers.add(watcher);
    try {
      quiet(tell(this.#value));
    } catch (error) {
      this.#watchers.delete(watcher); // who gets no way to stop is not begun with
      throw error;
    }
    return () => void this.#watchers.delete(watcher);
  }

  /** How many are watching. */
  get watchers(): number {
    return this.#watchers.size;
  }
}

/** It is no affair of a registry that whoever watches it goes wrong. */
function unharmed<T>(tell: (value: T) => void, value: T): void {
  try {
    quiet(tell(value));
  } catch {
    // Nobody to tell.
  }
}
