/** What a load report says that makes a weight. */
export interface Load {
  /** Requests a second. */
  readonly rps: number;
  /** Errors a second. */
  readonly eps: number;
  /** The share of what the server can do that is used; above 1 when it is overloaded. */
  readonly utilization: number;
}

/** A first report is not believed before it has stood for so long: a server that starts knows little of itself. */
const BLACKOUT_MS = 10_000;

/** A report that is so old says nothing any more. */
const EXPIRY_MS = 180_000;

/** How much an error counts as work. */
const PENALTY = 1;

/**
 * The weight of one endpoint by what it says of its load: requests a second for all it has, as gRPC reckons (proposal
 * A58, with its defaults). The caller brings the time.
 */
export class LoadWeight {
  #weight = 0;
  #at = Number.NEGATIVE_INFINITY;
  #since = Number.POSITIVE_INFINITY;

  /** Takes in a report; one that says nothing of requests or utilization changes nothing. */
  observe({ rps, eps, utilization }: Load, now: number): void {
    if (rps <= 0 || utilization <= 0) return;
    this.#weight = rps / (utilization + (eps / rps) * PENALTY);
    if (this.#since === Number.POSITIVE_INFINITY || now - this.#at >= EXPIRY_MS) this.#since = now;
    this.#at = now;
  }

  /** The weight; 0 while it can not be told. */
  read(now: number): number {
    if (now - this.#at >= EXPIRY_MS || now - this.#since < BLACKOUT_MS) return 0;
    return this.#weight;
  }
}

const MOST = 10; // times the mean
const LEAST = 0.01; // of the mean

/**
 * Weights of which some are not known (0): those get the mean of the others, and none is far from it. Nothing when fewer
 * than two are known, since then there is nothing to compare.
 */
export function weighed(weights: readonly number[]): readonly number[] | undefined {
  const known = weights.filter((weight) => weight > 0);
  if (known.length < 2) return undefined;
  const mean = known.reduce((sum, weight) => sum + weight, 0) / known.length;
  return weights.map((weight) => (weight === 0 ? mean : Math.min(MOST * mean, Math.max(LEAST * mean, weight))));
}
