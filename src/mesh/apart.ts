import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../core/clock.ts';

/** Does something outside of whatever is going on. */
export type Apart = <T>(work: () => T) => T;

/**
 * What serves many requests belongs to none of them, though one is being served when it is made: a timer for all, the
 * watches of a cluster. Else it would keep that request alive, and what it does for others would seem to be done for it.
 * Things are done as where this was made.
 */
export const makeApart = (): Apart => AsyncLocalStorage.snapshot();

/** A clock whose tasks are done apart. */
export const clockApart = (clock: Clock, apart: Apart): Clock => ({
  ...clock,
  schedule: (delayMs, task) => apart(() => clock.schedule(delayMs, task)),
});
