import type { Clock } from './clock.ts';

/**
 * What `work` comes to, or undefined after `ms`; whatever it does later is nobody's business. Without work, waits. Never
 * rejects: it is for ends, which nothing may hold up.
 */
export function atMost<T>(clock: Clock, ms: number, work?: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const late = (): void => resolve(undefined);
    // In two halves: where this very process stood still, what came of the work meanwhile is read in between.
    let timer = clock.schedule(ms / 2, () => {
      timer = clock.schedule(ms / 2, late);
    });
    const fail = (): void => {
      timer.cancel();
      resolve(undefined);
    };
    work?.then((value) => {
      timer.cancel();
      resolve(value);
    }, fail);
  });
}
