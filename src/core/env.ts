import type { Clock } from './clock.ts';
import type { Events } from './events.ts';
import type { Random } from './random.ts';
import type { Timeouts } from './timeouts.ts';

/** The world, as the mesh sees it: time, chance, and somebody to tell. Nothing else reads them. */
export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  /** Shared timeouts over `clock`. */
  readonly timeouts: Timeouts;
}
