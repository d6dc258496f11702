import type { Clock } from './clock.ts';
import type { Cancel } from './live.ts';

/**
 * Runs `late` after `ms`, unless what is waited for comes first and cancels it. In two halves: where this very process
 * stood still or was too busy, what has come meanwhile is read in between.
 */
export function whenLate(clock: Clock, ms: number, late: () => void): Cancel {
  let timer = clock.schedule(ms / 2, () => {
    timer = clock.schedule(ms / 2, late);
  });
  return () => timer.cancel();
}
