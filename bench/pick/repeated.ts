import type { Figures } from '../kit/competitor.ts';
import { measured } from '../kit/measure.ts';

const PICKS = 200_000;

/**
 * Bytes that synchronous work leaves on the heap each time, once V8 has made of it what it makes of what is done often.
 * For a process with room for all of them: see `ROOM`.
 */
export async function leftBy(work: () => void): Promise<Figures> {
  for (let step = 0; step < PICKS; step++) work();
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  for (let step = 0; step < PICKS; step++) work();
  return { bytes: (process.memoryUsage().heapUsed - before) / PICKS };
}

/** Repeats synchronous work for about `ms`. */
export const repeated = (work: () => void, ms: number, batch: number): Promise<Figures> =>
  measured(async () => {
    const end = performance.now() + ms;
    let done = 0;
    for (; performance.now() < end; done += batch) for (let step = 0; step < batch; step++) work();
    return done;
  });
