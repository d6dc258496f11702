import type { VirtualClock } from '../../src/testing/virtual-clock.ts';

const STEP_MS = 100;

/** Lets time pass until `work` is over: for ends that wait for the clock of a test, and for sockets or files besides. */
export async function timePasses<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  work.then(end, end);
  while (!over) await clock.advance(STEP_MS);
  return work;
}
