import type { Clock } from './clock.ts';
import { whenLate } from './when-late.ts';

/**
 * What `work` comes to, or undefined after `ms`; whatever it does later is nobody's business. Without work, waits. Never
 * rejects: it is for ends, which nothing may hold up.
 */
export function atMost<T>(clock: Clock, ms: number, work?: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = whenLate(clock, ms, () => resolve(undefined));
    const fail = (): void => {
      cancel();
      resolve(undefined);
    };
    work?.then((value) => {
      cancel();
      resolve(value);
    }, fail);
  });
}
