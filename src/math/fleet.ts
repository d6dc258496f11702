import type { Tally } from './verdicts.ts';

/** The numbers by which a fleet is judged (gRFC A50). */
export interface FleetLimits {
  /** Standard deviations below the mean that are too far; 0 asks for none. A50's `stdev_factor`, over 1000. */
  readonly deviations: number;
  /** A larger share of failures than this is too much, whatever the others do; 1 never is. */
  readonly failing: number;
  /** Endpoints with enough calls that there must be. */
  readonly hosts: number;
  /** Calls that are enough. */
  readonly volume: number;
}

/** Why an endpoint does not belong. */
export interface Misfit {
  readonly kind: 'success-rate' | 'failure-percentage';
  /** Its share of good answers. */
  readonly rate: number;
  /** The share that would have been enough. */
  readonly bar: number;
}

/**
 * The success rate below which an endpoint is an outlier among `tallies`: the mean less some standard deviations (of the
 * population), over those with enough calls. Undefined where there are too few of these.
 */
export function successBar(tallies: readonly Tally[], { deviations, hosts, volume }: FleetLimits): number | undefined {
  const rates = tallies.filter(({ calls }) => calls >= volume).map(rateOf);
  if (deviations === 0 || rates.length === 0 || rates.length < hosts) return undefined;
  const mean = sum(rates) / rates.length;
  const variance = sum(rates.map((rate) => (rate - mean) ** 2)) / rates.length;
  return mean - deviations * Math.sqrt(variance);
}

/**
 * Those that do not belong, by their index, in the order in which gRFC A50 would eject them: first all by their success
 * rate against the fleet, then all by their share of failures alone. One may stand in both.
 */
export function outliers(tallies: readonly Tally[], limits: FleetLimits): (readonly [at: number, misfit: Misfit])[] {
  const bar = successBar(tallies, limits);
  const enough = [...tallies.entries()].filter(([, { calls }]) => calls >= limits.volume && calls > 0);
  const below = enough.filter(([, tally]) => bar !== undefined && rateOf(tally) < bar);
  const above = enough.filter(([, { calls, failures }]) => failures / calls > limits.failing); // Envoy's is "or equal"
  return [
    ...below.map(([at, tally]) => [at, { kind: 'success-rate', rate: rateOf(tally), bar: bar! }] as const),
    ...(enough.length < limits.hosts ? [] : above).map(
      ([at, tally]) => [at, { kind: 'failure-percentage', rate: rateOf(tally), bar: 1 - limits.failing }] as const,
    ),
  ];
}

const rateOf = ({ calls, failures }: Tally): number => (calls - failures) / calls;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
