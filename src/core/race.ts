import { discard } from './outcome.ts';
import type { Scope } from './scope.ts';

/**
 * What `work` comes to, or the scope's reason when that is called off first. An answer that comes too late is let go
 * of, so that it holds no connection.
 */
export function race<T>(work: Promise<T>, scope: Scope): Promise<T> {
  return new Promise((resolve, reject) => {
    scope.onCancel(reject);
    work.then(
      (value) => {
        if (scope.cancelled) return discard(value);
        scope.offCancel(reject);
        resolve(value);
      },
      (error) => {
        scope.offCancel(reject);
        reject(error);
      },
    );
  });
}
