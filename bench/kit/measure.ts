import { readFileSync } from 'node:fs';
import { setImmediate as macrotask } from 'node:timers/promises';
import type { Figures } from './competitor.ts';

const US = 1_000; // nanoseconds
const MS = 1_000_000;

/** What work cost, for each operation that it says it did: processor time and wall time, and the share spent waiting. */
export async function measured(work: () => Promise<number>): Promise<Figures> {
  const [cpu, wall, waited] = [process.cpuUsage(), performance.now(), waitedNs()];
  const operations = await work();
  const spent = process.cpuUsage(cpu);
  const wallMs = performance.now() - wall;
  return {
    operations,
    cpuNs: ((spent.user + spent.system) * US) / operations,
    wallNs: (wallMs * MS) / operations,
    perSecond: (operations * 1_000) / wallMs,
    waiting: (waitedNs() - waited) / (wallMs * MS),
  };
}

/** How long our main thread has been ready to run and was not let; 0 where the system does not say. */
export function waitedNs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1] ?? 0);
  } catch {
    return 0;
  }
}

const BATCH = 256; // operations between two looks at the clock and at the event loop

/** One operation after the other, for about `ms`. A macrotask now and then lets timers and the like have their turn. */
export const sequential = (operation: () => unknown, ms: number, batch: number = BATCH): Promise<Figures> =>
  measured(async () => {
    const end = performance.now() + ms;
    let done = 0;
    do {
      for (let step = 0; step < batch; step++) await operation();
      done += batch;
      await macrotask();
    } while (performance.now() < end);
    return done;
  });

/** Runs operations in so many lanes for about `ms`; each takes up the next as soon as its last has ended. */
export async function lanes(operation: () => Promise<unknown>, concurrency: number, ms: number): Promise<Figures> {
  const took: number[] = [];
  const lane = async (end: number): Promise<void> => {
    for (let at = performance.now(); at < end; ) {
      await operation();
      const now = performance.now();
      took.push(now - at);
      at = now;
    }
  };
  const cost = await measured(async () => {
    const end = performance.now() + ms;
    await Promise.all(Array.from({ length: concurrency }, () => lane(end)));
    return took.length;
  });
  took.sort((a, b) => a - b);
  return { ...cost, p50Us: took[took.length >> 1]! * 1_000, p99Us: took[Math.floor(took.length * 0.99)]! * 1_000 };
}

/** Bytes that one operation leaves on the heap. For a process with room for all of them: see `ROOM`. */
export async function bytes(operation: () => unknown, operations: number): Promise<Figures> {
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  for (let step = 0; step < operations; step++) await operation();
  return { bytes: (process.memoryUsage().heapUsed - before) / operations };
}

/** Flags for a process that counts bytes: a young generation so large that nothing is collected meanwhile. */
export const ROOM = ['--expose-gc', '--max-semi-space-size=1024', '--min-semi-space-size=1024'];
