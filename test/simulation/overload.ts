import type { Clock } from '../../src/core/clock.ts';
import type { Priority } from '../../src/core/priority.ts';
import { type Random, seeded } from '../../src/core/random.ts';

/** What came of the calls of one priority. */
export interface Share {
  asked: number;
  served: number;
}

/** What came of all. */
export type Shares = Readonly<Record<Priority, Share>>;

/** Who calls: a tenth is critical, three tenths are sheddable. */
const MIX: readonly (readonly [share: number, priority: Priority])[] = [
  [0.1, 'critical'],
  [0.3, 'sheddable'],
  [1, 'default'],
];

const DRAIN_MS = 60_000; // time enough for the longest queue

/** Calls at random moments, so many a second; counts those from `from` to `to` that were served. */
export async function offer(
  clock: Clock & { run(ms: number): Promise<void> },
  perSecond: number,
  { from, to, seed }: { readonly from: number; readonly to: number; readonly seed: number },
  call: (priority: Priority) => Promise<boolean>,
): Promise<Shares> {
  const random = seeded(seed, 3);
  const shares: Shares = { critical: zero(), default: zero(), sheddable: zero() };
  const arrive = (): void => {
    const at = clock.now();
    if (at >= to) return;
    const chance = random.next();
    const priority = MIX.find(([share]) => chance < share)![1];
    const counts = at >= from;
    if (counts) shares[priority].asked++;
    void call(priority).then((served) => {
      if (served && counts) shares[priority].served++;
    });
    clock.schedule((-Math.log(1 - random.next()) / perSecond) * 1_000, arrive);
  };
  arrive();
  await clock.run(to + DRAIN_MS);
  return shares;
}

const zero = (): Share => ({ asked: 0, served: 0 });

/** Calls that were served, of all priorities, for each second. */
export const goodput = (shares: Shares, ms: number): number =>
  (Object.values(shares).reduce((sum, { served }) => sum + served, 0) / ms) * 1_000;

export const shareServed = ({ asked, served }: Share): number => served / asked;

/** Workers with a queue before them that has no end; each request takes ten milliseconds, more or less. */
export class Workers {
  /** Half of the requests take less than this, and they take 8.3 % more on the average. */
  static readonly MS = 10;
  static readonly MEAN_MS = Workers.MS * Math.exp(0.4 ** 2 / 2);

  readonly #clock: Clock;
  readonly #random: Random;
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(clock: Clock, random: Random, workers: number) {
    this.#clock = clock;
    this.#random = random;
    this.#free = workers;
  }

  work(): Promise<void> {
    return new Promise((resolve) => {
      const begin = (): void => {
        this.#free--;
        this.#clock.schedule(this.#ms(), () => {
          this.#free++;
          this.#queue.shift()?.();
          resolve();
        });
      };
      if (this.#free > 0) begin();
      else this.#queue.push(begin);
    });
  }

  /** Lognormal, after Box and Muller. */
  #ms(): number {
    const [one, other] = [1 - this.#random.next(), this.#random.next()];
    return Workers.MS * Math.exp(0.4 * Math.sqrt(-2 * Math.log(one)) * Math.cos(2 * Math.PI * other));
  }
}
