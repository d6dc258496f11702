import type { Clock } from './clock.ts';
import type { Context, History } from './context.ts';
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

const FOREVER = Number.MAX_SAFE_INTEGER;

/** What a call waits to hear; few calls ever do, so it has no place of its own in their history. */
const awaited = new WeakMap<History, Live<Resolution>>();

type Waiting = Pick<Context, 'history' | 'scope'>;

/**
 * Gives the way for calls to wait until something is known about where the service lives. Who is called off meanwhile
 * is forgotten: a registry may be away for hours.
 */
export function awaiting(clock: Clock, resolution: Live<Resolution>): (call: Waiting) => Promise<void> {
  const waiting = new Set<() => void>();
  let watches = false; // one watcher for all that wait
  const watch = (): void => {
    watches = true;
    const cancel = resolution.watch(({ is }) => {
      if (is === 'pending') return;
      watches = false;
      queueMicrotask(() => cancel()); // not at once: the first news comes before `watch` has given us the way to stop
      for (const go of waiting) go();
      waiting.clear();
    });
  };
  return ({ history, scope }) => {
    awaited.set(history, resolution);
    const held = clock.schedule(FOREVER, () => {}); // being connected keeps no process alive; that somebody waits does
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown): void => {
        held.cancel();
        waiting.delete(go);
        reject(reason);
      };
      const go = (): void => {
        held.cancel();
        scope.offCancel(stop);
        resolve();
      };
      waiting.add(go);
      scope.onCancel(stop);
      if (!watches) watch();
    });
  };
}

/** The list that a call has not been sent for want of; nothing where it was sent, or waits for something else. */
export function awaitedBy(history: History): Extract<Resolution, { is: 'pending' }> | undefined {
  const resolution = history.attempts === 0 ? awaited.get(history)?.value : undefined;
  return resolution?.is === 'pending' ? resolution : undefined;
}
