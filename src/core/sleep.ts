import type { Clock } from './clock.ts';
import type { Scope } from './scope.ts';

/** Waits; rejects with the scope's reason when that is called off first. Leaves no timer behind. */
export function sleep(clock: Clock, ms: number, scope: Scope): Promise<void> {
  return new Promise((resolve, reject) => {
    if (scope.cancelled) return reject(scope.reason);
    const off = (reason: unknown) => {
      timer.cancel();
      reject(reason);
    };
    const timer = clock.schedule(ms, () => {
      scope.offCancel(off);
      resolve();
    });
    scope.onCancel(off);
  });
}
