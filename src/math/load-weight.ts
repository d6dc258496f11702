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

/** A server may say anything; these can be summed and divided. */
const LIGHTEST = 1e-9;
const HEAVIEST = 1e12;

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
    this.#weight = Math.min(HEAVIEST, Math.max(LIGHTEST, rps / (utilization + (eps / rps) * PENALTY)));
    if (this.#since === Number.POSITIVE_INFINITY || now - this.#at >= EXPIRY_MS) this.#since = now;
    this.#at = now;
  }

  /** The weight; 0 while it can not be told. */
  read(now: number): number {
    if (now - this.#at >= EXPIRY_MS || now - this.#since < BLACKOUT_MS) return 0;
    return this.#weight;
  }
}

const MOST = 10; // times the median
const LEAST = 0.01; // of the median

/**
 * Weights of which some are not known (0): those get the mean of the others, and none is far from the median. From that,
 * and not from the mean as in gRPC: one that says it could do a thousand times as much would take the mean along, and with
 * it all the calls. Nothing when fewer than two are known, since then there is nothing to compare.
 */
export function weighed(weights: readonly number[]): readonly number[] | undefined {
  const known = Float64Array.from(weights.filter((weight) => weight > 0)).sort();
  if (known.length < 2) return undefined;
  const median = known[(known.length - 1) >> 1]!;
  const held = (weight: number): number => Math.min(MOST * median, Math.max(LEAST * median, weight));
  const mean = known.reduce((sum, weight) => sum + held(weight), 0) / known.length;
  return weights.map((weight) => (weight === 0 ? mean : held(weight)));
}
