import type { Live } from '../../src/core/live.ts';

/** Waits until the value is as it should be, and gives it. Fails, with what it was last, when that takes too long. */
export function until<T, S extends T = T>(
  live: Live<T>,
  holds: ((value: T) => value is S) | ((value: T) => boolean),
  withinMs = 60_000,
): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  const late = setTimeout(() => {
    reject(new Error(`it was still ${JSON.stringify(live.value)} after ${withinMs} ms, waiting for ${holds}`));
  }, withinMs);
  const cancel = live.watch((value) => {
    if (holds(value)) resolve(value as S);
  });
  return promise.finally(() => {
    clearTimeout(late);
    cancel();
  });
}
