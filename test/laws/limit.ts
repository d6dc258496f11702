import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptiveLimit, type LimitAlgorithm, START } from '../../src/math/adaptive-limit.ts';

/** What an algorithm is like. */
export interface LimitTraits {
  /** Whether it lets fewer in when answers take longer, though none is refused. */
  readonly falls: boolean;
  /** How many it lets in at most, as a multiple of the workers, where nothing is refused; as many as may be unless told. */
  readonly slack?: number;
}

/** What each algorithm is like. One that is not here does not compile, so that none is without its laws. */
export const LIMITS: Readonly<Record<LimitAlgorithm, LimitTraits>> = {
  gradient: { falls: true, slack: 2 },
  gradient2: { falls: true }, // it measures no latency apart: while more is always asked for, its queue becomes what is usual
  vegas: { falls: false }, // the same, and it moves by one logarithm a window
  aimd: { falls: false }, // it looks at refusals alone
};

export const ALGORITHMS = Object.keys(LIMITS) as readonly LimitAlgorithm[];

/** Something that serves `workers` at a time, `ms` each; the others wait, and beyond 100 for each worker are refused. */
export class Served {
  ms: number;
  workers: number;
  now = 0;
  /** Whether it refuses whatever comes. */
  refuses = false;
  readonly limit = new AdaptiveLimit(0.5);
  readonly #algorithm: LimitAlgorithm;

  constructor(algorithm: LimitAlgorithm, workers: number, ms: number) {
    this.#algorithm = algorithm;
    this.workers = workers;
    this.ms = ms;
  }

  /** As many as are allowed come at once, over and over, `demand` at most. */
  run(forMs: number, { demand = 1_000, most = 1_000 } = {}): number {
    const end = this.now + forMs;
    while (this.now < end) {
      const inFlight = Math.min(demand, this.limit.limit(most));
      const ms = this.refuses ? 1 : this.ms * Math.max(1, inFlight / this.workers);
      this.now += ms;
      const dropped = this.refuses || inFlight > this.workers * 100;
      for (let answer = 0; answer < Math.max(inFlight, 5); answer++) {
        this.limit.observe(this.#algorithm, { ms, inFlight, dropped }, most, this.now);
      }
    }
    return this.limit.limit(most);
  }
}

/** The laws that every way to learn a limit keeps. */
export function limitLaws(algorithm: LimitAlgorithm, { falls, slack = 100 }: LimitTraits): void {
  const law = (title: string, body: () => void) => test(`${algorithm}: ${title}`, body);

  law('nothing is known at first, so twenty may be under way, or fewer where fewer are allowed', () => {
    const { limit } = new Served(algorithm, 10, 20);
    assert.deepEqual([limit.limit(1_000), limit.limit(8), limit.limit(0)], [START, 8, 0]);
  });

  law('it stays at the ceiling and at one at least, and follows a ceiling that moves', () => {
    const served = new Served(algorithm, 1_000_000, 20);
    assert.equal(served.run(60_000, { most: 30 }), 30);
    assert.ok(served.run(60_000, { most: 60 }) > 50);
    assert.equal(served.run(1_000, { most: 3 }), 3);
    assert.ok(served.limit.limit(1) === 1);
  });

  law('it does not grow while nobody uses what it allows', () => {
    const served = new Served(algorithm, 1_000_000, 20);
    assert.ok(served.run(120_000, { demand: 5 }) <= START);
  });

  law('it keeps all workers busy, few or many', () => {
    for (const workers of [1, 10, 100]) {
      const served = new Served(algorithm, workers, 20);
      served.run(60_000);
      const seen = Array.from({ length: 50 }, () => served.run(200));
      const busy = seen.filter((limit) => limit >= workers).length;
      assert.ok(busy >= 45, `${workers} workers were busy ${busy} of 50 times: ${seen}`);
    }
  });

  law('it falls to next to nothing while all is refused, and one may try always', () => {
    const served = new Served(algorithm, 10, 20);
    const before = served.run(20_000);
    served.refuses = true;
    const fallen = served.run(10_000);
    assert.ok(fallen >= 1 && fallen <= Math.max(2, before / 5), `from ${before} to ${fallen}`);
    served.refuses = false;
    assert.ok(served.run(60_000) >= 10, 'and finds its way back');
  });

  law('when half of the workers are gone it lets fewer in, if it goes by latency, and recovers with them', () => {
    const served = new Served(algorithm, 40, 20);
    const before = served.run(60_000);
    assert.ok(before <= slack * 40 + 6, `${before}`);
    served.workers = 20;
    const less = served.run(30_000);
    served.workers = 40;
    const after = served.run(60_000);
    assert.ok(falls ? less <= 0.8 * before : less >= 20, `from ${before} to ${less}`);
    assert.ok(after >= 40 && after <= slack * 40 + 6, `${after} when they are back`);
  });
}
