import { type Clock, systemClock, type Timer } from '../../../src/core/clock.ts';
import type { Env } from '../../../src/core/env.ts';
import { Events, type MeshEvent } from '../../../src/core/events.ts';
import type { Live } from '../../../src/core/live.ts';
import { seeded } from '../../../src/core/random.ts';
import { Timeouts } from '../../../src/core/timeouts.ts';
import { parseAddress } from '../../../src/zookeeper/address.ts';
import { Session } from '../../../src/zookeeper/session.ts';
import type { SessionOptions } from '../../../src/zookeeper/session-state.ts';

/** The real world, with chance that repeats itself, and a note of all that was told. */
export function realEnv(seed = 1): Env & { readonly told: readonly MeshEvent[] } {
  const [events, told]: [Events, MeshEvent[]] = [new Events(), []];
  events.on((event) => told.push(event));
  return { clock: systemClock, random: seeded(seed), events, timeouts: new Timeouts(systemClock), told };
}

/** The clock of the machine; while it is held, time does not count. Timers run all the same. */
export class HeldClock implements Clock {
  #heldAt: number | undefined;
  #uncounted = 0;

  now(): number {
    return (this.#heldAt ?? systemClock.now()) - this.#uncounted;
  }

  epoch(): number {
    return systemClock.epoch();
  }

  schedule(delayMs: number, task: () => void): Timer {
    return systemClock.schedule(delayMs, task);
  }

  hold(): void {
    this.#heldAt = systemClock.now();
  }

  go(): void {
    this.#uncounted += systemClock.now() - this.#heldAt!;
    this.#heldAt = undefined;
  }
}

/** A session with what listens at `address`: `127.0.0.1:2181`, and a chroot if there is to be one. */
export function openSession(address: string, more: Partial<SessionOptions> = {}, env: Env = realEnv()): Session {
  const { servers, chroot, digest, name } = parseAddress(address);
  return new Session({ servers, chroot, digest, name, tls: undefined, timeoutMs: 10_000, ...more }, env);
}

/** Waits until a value is one that `fits`. */
export function until<T, F extends T>(live: Live<T>, fits: (value: T) => value is F): Promise<F>;
export function until<T>(live: Live<T>, fits: (value: T) => boolean): Promise<T>;
export function until<T>(live: Live<T>, fits: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const stop = live.watch((value) => {
      if (!fits(value)) return;
      queueMicrotask(() => stop());
      resolve(value);
    });
  });
}

/** Waits until a session is `state`. */
export const becomes = (session: Session, state: string) => until(session.state, ({ is }) => is === state);

/** Asks again and again until the answer is one that will do. */
export async function eventually<T>(ask: () => Promise<T> | T, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (fits(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
