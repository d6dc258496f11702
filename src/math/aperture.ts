/** Our place on a ring of so many: the first has index 0. */
export interface Standing {
  readonly index: number;
  readonly of: number;
}

/**
 * Which share of each endpoint is ours, when all of us stand evenly around a ring on which the endpoints lie one after
 * the other, each as long as its weight: Finagle's deterministic aperture. Our arc begins where we stand and is a whole
 * number of the gaps between us, so that as many of us reach one endpoint as another and all get the same. It touches
 * `size` endpoints of equal weight at most; more only where we are so few that some would be reached by nobody.
 */
export function arcShares(weights: readonly number[], { index, of }: Standing, size: number): readonly number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const gaps = Math.min(of, Math.max(1, Math.floor(((size - 1) * of) / weights.length + 1e-9)));
  const [from, to] = [index / of, (index + gaps) / of];
  let end = 0;
  return weights.map((weight) => {
    const begin = end;
    end += weight / whole;
    if (end <= begin) return 0;
    const ours = overlap(begin, end, from, to) + overlap(begin, end, from - 1, to - 1); // the ring has no end
    const share = ours / (end - begin);
    return share < SLIVER ? 0 : share > 1 - SLIVER ? 1 : share;
  });
}

const SLIVER = 1e-6; // what rounding makes of arcs that only touch, or meet

const overlap = (a: number, b: number, from: number, to: number): number =>
  Math.max(0, Math.min(b, to) - Math.max(a, from));
