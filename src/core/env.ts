import type { Clock } from './clock.ts';
import type { Events } from './events.ts';
import type { Random } from './random.ts';
import type { Timeouts } from './timeouts.ts';
import type { Watch } from './watch.ts';

/** The world, as the mesh sees it: time, chance, and somebody to tell. Nothing else reads them. */
export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  /** Shared timeouts over `clock`. */
  readonly timeouts: Timeouts;
  /** Who looks at each call; nobody unless told otherwise. */
  readonly watch?: Watch | undefined;
}
