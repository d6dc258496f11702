import type { Figures } from '../kit/competitor.ts';
import { measured } from '../kit/measure.ts';

/** Repeats synchronous work for about `ms`. */
export const repeated = (work: () => void, ms: number, batch: number): Promise<Figures> =>
  measured(async () => {
    const end = performance.now() + ms;
    let done = 0;
    for (; performance.now() < end; done += batch) for (let step = 0; step < batch; step++) work();
    return done;
  });
