import {
  type ServerOptions,
  type SimulatedChange,
  type SimulatedStretch,
  type Simulation,
  type SimulationOptions,
  simulate,
} from '../../src/testing.ts';
import type { Chart, Point, Series } from './draw/chart.ts';

/** A number that a scenario comes to, and what it has to be. */
export interface Figure {
  /** What it is; no other figure of the scenario is called so. */
  readonly what: string;
  readonly value: number;
  readonly unit: '%' | 'ms' | 's' | '×' | '';
  readonly least?: number;
  readonly most?: number;
}

/** What came of one scenario. */
export interface Outcome {
  readonly figures: readonly Figure[];
  readonly chart?: Chart;
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

/** Runs one, and sees to it that what was begun has ended, and that nothing is left behind. */
export async function ran(options: SimulationOptions): Promise<Simulation> {
  const simulation = await simulate(options);
  const { left, outcomes, calls } = simulation;
  const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (left.timers + left.calls + Math.abs(calls - ended) > 0) {
    throw new Error(`${left.timers} timers and ${left.calls} calls were left behind; ${ended} of ${calls} calls ended`);
  }
  return simulation;
}

/** A figure in per cent, of a share from 0 to 1. */
export const percent = (what: string, share: number, wanted: Pick<Figure, 'least' | 'most'>): Figure => ({
  what,
  value: 100 * share,
  unit: '%',
  ...wanted,
});

/** A figure without a unit. */
export const count = (what: string, value: number, wanted: Pick<Figure, 'least' | 'most'>): Figure => ({
  what,
  value,
  unit: '',
  ...wanted,
});

/** Nothing but this. */
export const exactly = (value: number): Pick<Figure, 'least' | 'most'> => ({ least: value, most: value });

/** The most and the least share that any server got. */
export function extremes({ servers }: Simulation): readonly [most: number, least: number] {
  const shares = servers.map(({ share }) => share);
  return [Math.max(...shares), Math.min(...shares)];
}

/** How many calls a second succeeded, of those that were made between two moments. */
export const rate = ({ ended }: Simulation, from: number, to: number): number =>
  ended.filter(({ at, outcome }) => outcome === '200' && at >= from && at < to).length / ((to - from) / 1_000);

/** How many events of one type there were. */
export const countOf = ({ events }: Simulation, type: string): number =>
  events.filter((event) => event.type === type).length;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard deviation as a share of the mean. */
export const variation = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) / mean(values);

/** Whether a figure is as it has to be. */
export const holds = ({ value, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Figure): boolean =>
  value >= least && value <= most;

/** A line over time, in seconds: what `read` makes of each stretch, up to a moment. */
export function overTime(
  name: string,
  simulation: Simulation,
  read: (stretch: SimulatedStretch) => number,
  { everyMs = 250, to = Number.POSITIVE_INFINITY }: { readonly everyMs?: number; readonly to?: number } = {},
): Series {
  const stretches = simulation.timeline(everyMs).filter(({ at }) => at < to * 1_000);
  return { name, points: stretches.map((stretch): Point => [(stretch.at + everyMs / 2) / 1_000, read(stretch)]) };
}

/** What stretches tell: of latency, of success, and of the share of some servers. */
export const p99 = ({ p99: ms, ended }: SimulatedStretch): number => (ended === 0 ? Number.NaN : ms);
export const failed = ({ ended, succeeded }: SimulatedStretch): number =>
  ended === 0 ? Number.NaN : 100 * (1 - succeeded / ended);
export const shareOf =
  (...places: readonly number[]) =>
  ({ asked }: SimulatedStretch): number => {
    const all = asked.reduce((sum, each) => sum + each, 0);
    return all === 0 ? Number.NaN : (100 * places.reduce((sum, place) => sum + asked[place]!, 0)) / all;
  };

/** Looks, every so many milliseconds of so many seconds. */
export function every(ms: number, seconds: number, look: SimulatedChange[1]): SimulatedChange[] {
  return Array.from({ length: Math.floor((seconds * 1_000) / ms) }, (_, turn) => [(turn + 1) * ms, look] as const);
}

/** A picture of the slowest tenth of the calls: how long so many per cent of them take at most, a line for each. */
export const byQuantile = (simulations: Readonly<Record<string, Simulation>>): Chart => ({
  x: 'per cent of the calls that take this long at most',
  panels: [
    {
      y: 'milliseconds',
      scale: 'log',
      series: Object.entries(simulations).map(([name, simulation]) => quantiles(name, simulation)),
    },
  ],
});

const quantiles = (name: string, simulation: Simulation): Series => ({
  name,
  points: Array.from({ length: 100 }, (_, at) => [90 + at / 10, simulation.quantile(0.9 + at / 1_000)] as const),
});

/** The share of some servers in the last ten seconds in which calls were made. */
export function lastShare(simulation: Simulation, places: readonly number[]): number {
  const last = simulation
    .timeline()
    .filter(({ made }) => made > 0)
    .slice(-10);
  return last.reduce((sum, stretch) => sum + shareOf(...places)(stretch), 0) / last.length / 100;
}
