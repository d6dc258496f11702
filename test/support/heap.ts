import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const TURNS = 3; // without less in use, until it is believed
const STIR = 100_000; // bytes that come and go

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use when nothing more goes: of what is closing, some is let go of only turns later. */
export async function heapLeft(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let same = 0; same < TURNS; same++) {
    await new Promise(setImmediate);
    collect();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed < least - STIR) same = 0;
    least = Math.min(least, heapUsed);
  }
  return least;
}
