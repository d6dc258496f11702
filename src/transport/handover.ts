import type { Env } from '../core/env.ts';
import type { Pool } from './undici.ts';

/** Connections that are to give way, and those that take their place. */
export interface Sides {
  readonly pool: Pool;
  /** How many connections are being made. */
  connecting(): number;
}

/** Hears that the old side has given way to `next`, and whether `next` has to give way `again`. */
type Done<S> = (next: S, again: boolean) => void;

/**
 * How the connections to one endpoint give way to new ones, when the certificate that they were made with does: what is
 * under way ends where it began, and the new ones are made one by one, each by a request that waits for it. All at once
 * would be as many handshakes as requests are under way, at each endpoint at the same moment; on a busy machine they
 * would take longer than any request may.
 */
export class Handover<S extends Sides> {
  readonly #old: S;
  readonly #next: () => S;
  readonly #cancel: () => void;
  #new: S | undefined;
  #again = false;

  /** Begins at some moment of the first half of `withinMs`, and ends half of that later. */
  constructor({ clock, random }: Env, withinMs: number, old: S, next: () => S, done: Done<S>) {
    this.#old = old;
    this.#next = next;
    const half = withinMs / 2;
    let timer = clock.schedule(random.next() * half, () => {
      const made = this.#next();
      this.#new = made;
      timer = clock.schedule(half, () => done(made, this.#again));
      timer.hold(false);
    });
    timer.hold(false);
    this.#cancel = () => timer.cancel();
  }

  /** Where the next request goes. */
  get side(): S {
    const next = this.#new;
    if (next === undefined) return this.#old;
    const { free } = next.pool.stats;
    return free > 0 || next.connecting() === 0 ? next : this.#old;
  }

  /** Another change has come: what has been made meanwhile has to give way in its turn. */
  repeat(): void {
    this.#again = this.#new !== undefined;
  }

  /** Ends it as it is: gives the side that has only begun, if one has, to be closed with the other. */
  abandon(): S | undefined {
    this.#cancel();
    return this.#new;
  }
}
