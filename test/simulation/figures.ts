import assert from 'node:assert/strict';
import type { ServerOptions, Simulation } from '../../src/testing.ts';

/** Every law holds for every seed: one that breaks it is a find, not an accident. `SEEDS=1,2,3` tries more of them. */
export const SEEDS: readonly number[] = (process.env.SEEDS ?? '1').split(',').map(Number);

/** Ten servers: the first as said, nine as usual. */
export const ten = (first: ServerOptions, rest: ServerOptions = {}): ServerOptions[] => [
  first,
  ...Array.from({ length: 9 }, () => rest),
];

/** What is true of every simulation: what was begun has ended, and nothing is left behind. */
export function settledWell({ left, calls, outcomes }: Simulation): void {
  assert.deepEqual(left, { timers: 0, calls: 0 });
  assert.equal(
    Object.values(outcomes).reduce((sum, count) => sum + count, 0),
    calls,
  );
}

/** `0.0213` as people read it. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** How many events of one type there were. */
export const countOf = ({ events }: Simulation, type: string): number =>
  events.filter((event) => event.type === type).length;
