// The other side of thread.ts: calls what a module exports, one at a time, and tells what came of it.
import { parentPort, workerData } from 'node:worker_threads';

type Work = (...given: readonly unknown[]) => unknown;

const module = import(workerData as string) as Promise<Readonly<Record<string, Work>>>;
parentPort!.on('message', async ({ name, given }: { name: string; given: readonly unknown[] }) => {
  try {
    parentPort!.postMessage({ value: await (await module)[name]!(...given) });
  } catch (error) {
    parentPort!.postMessage({ error });
  }
});
