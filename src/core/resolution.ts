import type { History } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Live } from './live.ts';

/** What is known about where a service lives. Always the whole truth, never a difference. */
export type Resolution =
  /** Nothing is known yet; where something stands in the way of knowing, what it is. */
  | { readonly is: 'pending'; readonly error?: unknown }
  | { readonly is: 'bound'; readonly endpoints: readonly Endpoint[] }
  /**
   * The registry is away; the last good list stands. `since` is when it was last known to hold, by the mesh's clock, where
   * that was before it became stale: it may be older than the process.
   */
  | {
      readonly is: 'stale';
      readonly endpoints: readonly Endpoint[];
      readonly error: unknown;
      readonly since?: number;
    }
  /** The registry is there, and has never heard of the service. */
  | { readonly is: 'unknown' };

/** Settles when something is known about where the service lives. */
export function known(resolution: Live<Resolution>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = resolution.watch(({ is }) => {
      if (is === 'pending') return;
      queueMicrotask(() => cancel()); // not at once: the first news comes before `watch` has given us the way to stop
      resolve();
    });
  });
}

/** What a call waits to hear; few calls ever do, so it has no place of its own in their history. */
const awaited = new WeakMap<History, Live<Resolution>>();

/** Notes that a call waits to hear where its service lives, so that who ends it meanwhile can say so. */
export function awaits(history: History, resolution: Live<Resolution>): void {
  awaited.set(history, resolution);
}

/** The list that a call has not been sent for want of; nothing where it was sent, or waits for something else. */
export function awaitedBy(history: History): Extract<Resolution, { is: 'pending' }> | undefined {
  const resolution = history.attempts === 0 ? awaited.get(history)?.value : undefined;
  return resolution?.is === 'pending' ? resolution : undefined;
}
