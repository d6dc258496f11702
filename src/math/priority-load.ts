/** How many of the endpoints of one level are well, of how many. */
export interface LevelHealth {
  readonly healthy: number;
  readonly total: number;
}

/** What one level gets. */
export interface LevelLoad {
  /** Its share of the calls, in whole percent. All levels together get 100, or 0 when nobody may be called. */
  readonly percent: number;
  /** Whether health is ignored within it, since too few of it are well. */
  readonly panic: boolean;
}

/**
 * How calls spread over levels of which the first is best, as Envoy computes its priority load: a level is whole while
 * its healthy share times `overprovisioning` (1.4) is 1 at least; what one can not take goes to the next. A level panics
 * when fewer than `threshold` of it are well and all levels together are not whole either; where all panic, calls go by
 * the number of endpoints. A `threshold` of 0 never panics.
 */
export function priorityLoad(
  levels: readonly LevelHealth[],
  overprovisioning: number,
  threshold: number,
): readonly LevelLoad[] {
  const health = levels.map((level) => healthOf(level, overprovisioning));
  const whole = Math.min(100, sum(health));
  const panics = levels.map(({ healthy, total }) => whole < 100 && total > 0 && healthy < threshold * total);
  const inhabited = levels.filter(({ total }) => total > 0).length;
  const all = threshold > 0 && inhabited > 0 && panics.filter(Boolean).length === inhabited;
  const percents = all ? bySize(levels) : byHealth(health, whole);
  return levels.map((_, at) => ({ percent: percents[at]!, panic: panics[at]! }));
}

/** In whole percent, of which 100 is enough. */
const healthOf = ({ healthy, total }: LevelHealth, overprovisioning: number): number =>
  total === 0 ? 0 : Math.min(100, floor((100 * overprovisioning * healthy) / total));

/** The first takes what it can, then the next; what rounding leaves over is the first's that is well. */
function byHealth(health: readonly number[], whole: number): readonly number[] {
  if (whole === 0) return health.map(() => 0);
  let left = 100;
  const percents = health.map((own) => {
    const percent = Math.min(left, floor((own * 100) / whole));
    left -= percent;
    return percent;
  });
  percents[health.findIndex((own) => own > 0)]! += left;
  return percents;
}

function bySize(levels: readonly LevelHealth[]): readonly number[] {
  const all = levels.reduce((count, { total }) => count + total, 0);
  const percents = levels.map(({ total }) => floor((100 * total) / all));
  percents[levels.findIndex(({ total }) => total > 0)]! += 100 - sum(percents);
  return percents;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Down to a whole number, where binary fractions have not made 70 into 69.999…. */
const floor = (number: number): number => Math.floor(number + 1e-9);

/** With fewer endpoints than this in all, one more or less of either would move too many calls. */
const FEWEST = 6;

/**
 * The share of the calls of one zone that its own endpoints can take when every zone's callers call alike: all, while no
 * larger share of the `callers` than of the endpoints is here. Envoy's zone-aware routing, with its least of six
 * endpoints. `callers` is the share of all callers that are in our zone; 0 when it is not known.
 */
export function localShare(here: number, elsewhere: number, callers: number): number {
  const all = here + elsewhere;
  return all < FEWEST || callers === 0 ? 1 : Math.min(1, here / all / callers);
}

/** What there is in another zone than ours. */
export interface Remote {
  /** Endpoints that are well. */
  readonly endpoints: number;
  /** The share of all callers that are there. */
  readonly callers: number;
}

/**
 * By what shares the other zones get what ours can not take: by how much larger their share of the endpoints is than
 * that of the callers, Envoy's residual capacity. A zone that is too small for its own callers gets nothing. Empty where
 * there is nothing to choose, with fewer than six endpoints in all, or when nobody has anything to spare.
 */
export function residualShares(here: number, remotes: readonly Remote[]): readonly number[] {
  const all = remotes.reduce((count, { endpoints }) => count + endpoints, here);
  if (remotes.length < 2 || all < FEWEST) return [];
  const spare = remotes.map(({ endpoints, callers }) => Math.max(0, endpoints / all - callers));
  const sum = spare.reduce((total, one) => total + one, 0);
  return sum < ROUNDING ? [] : spare.map((one) => (one < ROUNDING ? 0 : one / sum));
}

const ROUNDING = 1e-9;
