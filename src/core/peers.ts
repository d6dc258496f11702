import type { Standing } from '../math/aperture.ts';

/** How many callers of our kind there are in each zone. */
export type Callers = ReadonlyMap<string, number>;

/** The other instances of the service that we are, as far as we have to agree with them without a word. */
export interface Peers {
  /** What tells us from them: a number of 32 bits. */
  readonly seed: number;
  /** Our place among them, in an order that all know; among those of one zone where it is named. Nothing while unknown. */
  standing(zone: string | undefined, now: number): Standing | undefined;
  /** How many there are in each zone, ourselves counted. Nothing while our place is unknown. */
  callers(now: number): Callers | undefined;
}

/** Nobody is known. */
export const NO_PEERS: Peers = Object.freeze({ seed: 0, standing: () => undefined, callers: () => undefined });
