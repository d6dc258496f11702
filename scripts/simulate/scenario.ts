import { type ServerOptions, type Simulation, type SimulationOptions, simulate } from '../../src/testing.ts';

/** A number that a scenario comes to, and what it has to be. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: '%' | 'ms' | '×' | '';
  readonly least?: number;
  readonly most?: number;
}

/** Something to draw: bars by name, beside each other. */
export interface Plot {
  readonly unit: string;
  readonly bars: readonly (readonly [name: string, value: number])[];
}

/** What came of one scenario. */
export interface Outcome {
  readonly figures: readonly Figure[];
  readonly plot: Plot;
}

/** One bad day of a fleet, and what has to come of it. */
export interface Scenario {
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly shows: string;
  readonly run: (seed: number) => Promise<Outcome>;
}

/** Ten servers: the first as said, nine as usual. */
export const ten = (first: ServerOptions, rest: ServerOptions = {}): ServerOptions[] => [
  first,
  ...Array.from({ length: 9 }, () => rest),
];

/** Runs one, and sees to it that nothing is left behind. */
export async function ran(options: SimulationOptions): Promise<Simulation> {
  const simulation = await simulate(options);
  const { timers, calls } = simulation.left;
  if (timers + calls > 0) throw new Error(`${timers} timers and ${calls} calls were left behind`);
  return simulation;
}

/** How many calls a second succeeded, of those that were made between two moments. */
export const rate = ({ ended }: Simulation, from: number, to: number): number =>
  ended.filter(({ at, outcome }) => outcome === '200' && at >= from && at < to).length / ((to - from) / 1_000);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard deviation as a share of the mean. */
export const variation = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) / mean(values);

/** Whether a figure is as it has to be. */
export const holds = ({ value, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Figure): boolean =>
  value >= least && value <= most;
