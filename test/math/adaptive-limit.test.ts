import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LearntLimit } from '../../src/core/learnt-limit.ts';
import { AdaptiveLimit, type LimitAlgorithm, START } from '../../src/math/adaptive-limit.ts';
import { testEnv } from '../../src/testing/env.ts';
import { ALGORITHMS, LIMITS, limitLaws, Served } from '../laws/limit.ts';

for (const algorithm of ALGORITHMS) limitLaws(algorithm, LIMITS[algorithm]);

for (const workers of [1, 10, 100]) {
  test(`gradient lets in enough to keep ${workers} workers busy, and lets few wait`, () => {
    const served = new Served('gradient', workers, 20);
    const limit = served.run(60_000);
    assert.ok(limit >= workers, `${limit}`);
    assert.ok(limit <= 2 * workers + 6, `${limit}`);
  });
}

test('vegas and gradient2 keep ten workers busy; they measure no latency apart, so they let more wait than gradient', () => {
  for (const algorithm of ['vegas', 'gradient2'] as const) {
    const limit = new Served(algorithm, 10, 20).run(30_000);
    assert.ok(limit >= 10 && limit <= 100, `${algorithm}: ${limit}`);
  }
});

test('aimd fills what is there until it is refused, and goes a tenth or two below', () => {
  const served = new Served('aimd', 1, 1);
  served.run(60_000);
  const seen = new Set<number>();
  for (let step = 0; step < 100; step++) seen.add(served.run(500));
  assert.ok(Math.max(...seen) <= 102 && Math.min(...seen) >= 80, [...seen].join());
});

test('another algorithm goes on from the limit that the last one came to', () => {
  const served = new Served('aimd', 50, 20);
  const reached = served.run(20_000);
  assert.ok(reached > 100);
  served.limit.observe('gradient', { ms: 20, inFlight: 1, dropped: false }, 1_000, served.now);
  assert.equal(served.limit.limit(1_000), reached);
});

test('algorithms that learn at the same time do not make each other begin anew, and each has its own limit', () => {
  const learnt = new LearntLimit(testEnv());
  let now = 0;
  const answer = (ms: number, forMs: number): void => {
    for (const end = now + forMs; now < end; now += 10) {
      for (const algorithm of ['gradient', 'aimd'] as const) {
        const inFlight = learnt.of(algorithm, 1_000);
        learnt.adaptive.observe(algorithm, { ms, inFlight, dropped: false }, 1_000, now);
      }
    }
  };
  answer(20, 30_000);
  const [before, other] = [learnt.of('gradient', 1_000, 'critical'), learnt.of('aimd', 1_000)];
  assert.ok(before > 40 && other > 40, `${before}, ${other}`);
  answer(200, 4_000);
  const after = learnt.of('gradient', 1_000, 'critical');
  assert.ok(after < before / 2, `from ${before} to ${after}`); // as it does where it is alone
  assert.ok(learnt.of('aimd', 1_000) >= other, 'which looks at refusals alone');
});

for (const algorithm of ALGORITHMS) {
  test(`${algorithm}: a route that may have few under way does not take from another what that has learnt`, () => {
    const limit = new AdaptiveLimit(0.5);
    let now = 0;
    const answer = (forMs: number, ...ceilings: readonly number[]): void => {
      for (const end = now + forMs; now < end; now += 5) {
        for (const most of ceilings) limit.observe(algorithm, { ms: 20, inFlight: 100, dropped: false }, most, now);
      }
    };
    answer(30_000, 100);
    assert.equal(limit.learnt(1_000), 100);
    answer(10_000, 5, 100);
    assert.equal(limit.learnt(1_000), 100, 'of the other');
    assert.equal(limit.learnt(5), 5, 'of the route itself');
    answer(1_000, 5);
    assert.equal(limit.learnt(1_000), 5, 'where all may have fewer that is the most there can be');
  });
}

test('an algorithm that was not asked for a minute goes on from the limit that the last one came to', () => {
  const limit = new AdaptiveLimit(0.5);
  const observe = (algorithm: LimitAlgorithm, now: number, dropped = false): void =>
    limit.observe(algorithm, { ms: 20, inFlight: 1_000, dropped }, 1_000, now);
  observe('aimd', 0);
  for (let now = 0; now < 20_000; now += 5) observe('vegas', now, true);
  const fallen = limit.limit(1_000);
  assert.ok(fallen < 5, `${fallen}`);
  assert.equal(limit.limit(1_000, 'aimd'), START);
  observe('aimd', 60_001);
  assert.equal(limit.limit(1_000, 'aimd'), fallen);
});

test('while the best latency is measured a quarter of the limit holds, but not for who is let in all the same', () => {
  const served = new Served('gradient', 10, 20);
  served.run(120_000);
  // The minute's measurement holds a quarter of the limit for a window, and no longer.
  const seen: [number, number][] = [];
  for (let step = 0; step < 4_000; step++) seen.push([served.run(20), served.limit.learnt(1_000)]);
  const pinned = seen.filter(([limit]) => limit <= 5);
  assert.ok(pinned.length >= 2 && pinned.length <= 40, `${pinned.length} of ${seen.length}`);
  assert.ok(pinned.every(([, learnt]) => learnt >= 10));
  assert.ok(served.run(1_000) >= 10);
});
