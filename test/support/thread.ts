import { once } from 'node:events';
import { after } from 'node:test';
import { Worker } from 'node:worker_threads';

/**
 * A thread for what a module exports, as long as the tests of the file run. The test runner follows every promise of its
 * own thread from its making to its end, which takes longer than many calls of a simulation themselves; here it does not.
 * What goes in and comes out is copied; what is thrown there is thrown here.
 */
export function threadOf(module: URL): <T>(name: string, ...given: readonly unknown[]) => Promise<T> {
  let worker: Worker | undefined;
  after(() => worker?.terminate());
  return async <T>(name: string, ...given: readonly unknown[]): Promise<T> => {
    worker ??= started(module, () => {
      worker = undefined;
    });
    worker.postMessage({ name, given });
    const [came] = (await once(worker, 'message')) as [{ value: T } | { error: unknown }];
    if ('error' in came) throw came.error;
    return came.value;
  };
}

const started = (module: URL, ended: () => void): Worker =>
  new Worker(new URL('./thread-entry.ts', import.meta.url), { workerData: module.href }).once('exit', ended);
