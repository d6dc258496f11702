import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LevelHealth, localShare, priorityLoad, residualShares } from '../../src/math/priority-load.ts';

const percents = (levels: readonly LevelHealth[], over = 1.4, threshold = 0.5) =>
  priorityLoad(levels, over, threshold).map(({ percent }) => percent);

const panics = (levels: readonly LevelHealth[], over = 1.4, threshold = 0.5) =>
  priorityLoad(levels, over, threshold).map(({ panic }) => panic);

/** So many of a hundred are well, at each level. */
const ofHundred = (...healthy: readonly number[]): LevelHealth[] =>
  healthy.map((one) => ({ healthy: one, total: 100 }));

const of = (...levels: readonly (readonly [healthy: number, total: number])[]): LevelHealth[] =>
  levels.map(([healthy, total]) => ({ healthy, total }));

// The unit tests of Envoy's load balancer.
for (const [levels, over, load, panic] of [
  [of([2, 4], [2, 4]), 1.4, [70, 30], [false, false]],
  [of([2, 4], [2, 4]), 1, [50, 50], [false, false]],
  [of([1, 4], [2, 2]), 1.4, [35, 65], [false, false]],
  [of([1, 4], [1, 4]), 1.4, [50, 50], [true, true]],
  [of([0, 1], [0, 2]), 1.4, [34, 66], [true, true]],
  [of([1, 1], [1, 1]), 1.4, [100, 0], [false, false]],
  [of([0, 1], [1, 1]), 1.4, [0, 100], [false, false]],
  [of([0, 0], [1, 1]), 1.4, [0, 100], [false, false]],
] as const) {
  const what = levels.map(({ healthy, total }) => `${healthy} of ${total}`).join(' and ');
  test(`${what} get what Envoy's tests say, at ${over}`, () => {
    assert.deepEqual(percents(levels, over), load);
    assert.deepEqual(panics(levels, over), panic);
  });
}

// The tables of Envoy's documentation, of two levels and of three. Its prose and its code differ by two in a row or two.
for (const [healthy, load] of [
  [
    [100, 100],
    [100, 0],
  ],
  [
    [72, 100],
    [100, 0],
  ],
  [
    [71, 100],
    [99, 1],
  ],
  [
    [50, 100],
    [70, 30],
  ],
  [
    [25, 100],
    [35, 65],
  ],
  [
    [0, 100],
    [0, 100],
  ],
  [
    [25, 25],
    [50, 50],
  ],
  [
    [100, 100, 100],
    [100, 0, 0],
  ],
  [
    [72, 72, 100],
    [100, 0, 0],
  ],
  [
    [71, 71, 100],
    [99, 1, 0],
  ],
  [
    [50, 50, 100],
    [70, 30, 0],
  ],
  [
    [25, 100, 100],
    [35, 65, 0],
  ],
  [
    [25, 25, 100],
    [35, 35, 30],
  ],
  [
    [25, 25, 20],
    [36, 36, 28],
  ],
] as const) {
  test(`of levels ${healthy.join(' %, ')} % well the calls go ${load.join(', ')}, within 2`, () => {
    for (const [at, percent] of percents(ofHundred(...healthy), 1.4, 0).entries()) {
      assert.ok(Math.abs(percent - load[at]!) <= 2, `level ${at} is due ${load[at]}, got ${percent}`);
    }
  });
}

test('a level is whole while 71.4 % of it are well', () => {
  assert.deepEqual(percents(of([5, 7], [1, 1])), [100, 0], 'five of seven are 71.4 %, exactly enough');
  assert.deepEqual(percents(ofHundred(71, 100)), [99, 1]);
});

test('a level panics only where all levels together are not whole', () => {
  assert.deepEqual(panics(ofHundred(10, 100)), [false, false]);
  assert.deepEqual(panics(ofHundred(10, 60)), [true, false]);
  assert.deepEqual(panics(ofHundred(10, 10), 1.4, 0), [false, false], 'never, with a threshold of 0');
});

test('where nobody is well and health may not be ignored, nobody gets anything', () => {
  assert.deepEqual(percents(of([0, 4], [0, 4]), 1.4, 0), [0, 0]);
  assert.deepEqual(percents([]), []);
});

test('all levels together get all calls, whatever their health', () => {
  for (let one = 0; one <= 20; one++) {
    for (let two = 0; two <= 20; two++) {
      for (let three = 0; three <= 20; three++) {
        const load = percents(of([one, 20], [two, 20], [three, 7]));
        assert.equal(
          load.reduce((sum, percent) => sum + percent, 0),
          100,
          `${one}, ${two}, ${three}`,
        );
        assert.ok(Math.min(...load) >= 0);
      }
    }
  }
});

test('a zone keeps what its share of the endpoints is of its share of the callers, as in Envoy', () => {
  assert.equal(localShare(5, 5, 0.5), 1);
  assert.equal(localShare(5, 5, 0.4), 1);
  assert.equal(localShare(2, 6, 0.5), 0.5);
  assert.equal(localShare(0, 6, 0.5), 0);
  assert.equal(localShare(2, 3, 1), 1, 'of fewer than six one more or less would move too many');
  assert.equal(localShare(2, 6, 0), 1, 'who calls is not known');
});

const remotes = (...zones: readonly (readonly [endpoints: number, callers: number])[]) =>
  zones.map(([endpoints, callers]) => ({ endpoints, callers }));

test('other zones get what spills by their residual capacity: the example in the source of Envoy', () => {
  // Of the callers 40, 40 and 20 %, of the endpoints 25, 50 and 25 %: "residual capacity would look like: 0 10000 5000".
  assert.deepEqual(
    residualShares(25, remotes([50, 0.4], [25, 0.2])).map((share) => Number(share.toFixed(6))),
    [0.666667, 0.333333],
  );
});

test('a zone that has no more of the endpoints than of the callers gets nothing of what spills', () => {
  assert.deepEqual(residualShares(2, remotes([4, 2 / 3], [6, 0])), [0, 1]);
  assert.deepEqual(residualShares(2, remotes([4, 1 / 3], [6, 1 / 6])), [0, 1], 'exactly as much is nothing to spare');
});

test('what spills goes by endpoints where nobody has anything to spare, there is one other zone, or few endpoints', () => {
  assert.deepEqual(residualShares(6, remotes([3, 0.4], [3, 0.4])), []);
  assert.deepEqual(residualShares(2, remotes([6, 0.1])), []);
  assert.deepEqual(residualShares(1, remotes([2, 0.1], [2, 0.1])), []);
  assert.deepEqual(residualShares(0, []), []);
});
