import type { UserBreakers } from './breakers.ts';
import type { Clock } from './clock.ts';
import type { Compare } from './compare.ts';
import type { Events } from './events.ts';
import type { Identity } from './identity.ts';
import type { Place } from './place.ts';
import type { Probe } from './probe.ts';
import type { QuotaStore } from './quota-store.ts';
import type { Random } from './random.ts';
import type { Timeouts } from './timeouts.ts';
import type { Watch } from './watch.ts';

/** The world, as the mesh sees it: time, chance, and somebody to tell. Nothing else reads them. */
export interface Env {
  /** What time it is, and what is to be done later. */
  readonly clock: Clock;
  /** Chance. */
  readonly random: Random;
  /** Where what happens is told. */
  readonly events: Events;
  /** Shared timeouts over `clock`. */
  readonly timeouts: Timeouts;
  /** Who looks at each call; nobody unless told otherwise. */
  readonly watch?: Watch | undefined;
  /** Who we are, and whom we believe; nobody unless told. */
  readonly identity?: Identity | undefined;
  /** Where we stand among others; nowhere unless told. */
  readonly place?: Place | undefined;
  /** Where quotas are counted that all instances share; nowhere unless told. */
  readonly quotaStore?: QuotaStore | undefined;
  /** Circuit breakers that the user has made; none unless told. */
  readonly breakers?: UserBreakers | undefined;
  /** Compares calls with the copies of them that `mirror` makes; nobody unless told. */
  readonly compare?: Compare | undefined;
  /** How an endpoint is asked how it is; over sockets unless told. */
  readonly probe?: Probe | undefined;
}
