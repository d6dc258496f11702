import type { Env } from '../core/env.ts';
import { Events, type MeshEvent } from '../core/events.ts';
import { type Random, seeded } from '../core/random.ts';
import { Timeouts } from '../core/timeouts.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A world for tests: time that stands still, chance that repeats itself, and a note of all that was told. */
export interface TestEnv extends Env {
  /** Time that stands still until it is advanced. */
  readonly clock: VirtualClock;
  /** Every event so far, first to last. */
  readonly told: readonly MeshEvent[];
}

/**
 * Makes a world for a test. Two that are given the same seed go the same way.
 * @param options Its clock and its chance; a clock at 0 and the seed 1 unless told.
 */
export function testEnv({
  clock = new VirtualClock(),
  random = seeded(1),
}: {
  readonly clock?: VirtualClock;
  readonly random?: Random;
} = {}): TestEnv {
  const [events, told]: [Events, MeshEvent[]] = [new Events(), []];
  events.on((event) => told.push(event));
  return { clock, random, events, timeouts: new Timeouts(clock), told };
}
