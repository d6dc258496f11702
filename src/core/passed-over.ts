/** Why an endpoint was not chosen for an attempt. */
export type PassedOverWhy =
  | 'weight'
  | 'subset'
  | 'aperture'
  | 'tried'
  | 'unwell'
  | 'ejected'
  | 'full'
  | 'zone'
  | 'priority';

/** Endpoints that were not chosen for an attempt, all for one reason. */
export interface PassedOver {
  /** What kept them from being chosen. */
  readonly why: PassedOverWhy;
  /** How many of them, among those that were looked at: 64 at most. */
  readonly count: number;
  /** Some of them, as `host:port`. All groups of an attempt together name five. */
  readonly endpoints: readonly string[];
}

/** Nobody was. */
export const NOBODY_PASSED: readonly PassedOver[] = Object.freeze([]);

const SENTENCES: Readonly<Record<PassedOverWhy, string>> = {
  weight: 'with weight 0, which takes no new calls',
  subset: 'without the labels of the subset',
  aperture: 'that others of our service call (aperture)',
  tried: 'already tried',
  unwell: 'whose health checks fail',
  ejected: 'ejected',
  full: 'with as many calls under way as may be',
  zone: 'in another zone',
  priority: 'of another priority',
};

/** Who was passed over, as words: `1 already tried (10.0.0.1:3000), 2 ejected (10.0.0.2:3000, …)`. */
export const sayPassedOver = (groups: readonly PassedOver[]): string =>
  groups
    .map(({ why, count, endpoints }) => {
      const names = [...endpoints, ...(endpoints.length < count ? ['…'] : [])].join(', ');
      return `${count} ${SENTENCES[why]} (${names})`;
    })
    .join(', ');
