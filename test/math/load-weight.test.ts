import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadWeight, weighed } from '../../src/math/load-weight.ts';

test('a weight is requests a second for all that is used, errors counted as use', () => {
  for (const [rps, eps, utilization, weight] of [
    [100, 0, 0.5, 200],
    [100, 10, 0.5, 100 / 0.6],
    [100, 100, 0.5, 100 / 1.5],
    [100, 0, 2, 50],
  ] as const) {
    const load = new LoadWeight();
    load.observe({ rps, eps, utilization }, 0);
    assert.equal(load.read(10_000), weight);
  }
});

test('a report that says nothing of requests or use changes nothing', () => {
  const load = new LoadWeight();
  load.observe({ rps: 0, eps: 0, utilization: 0.5 }, 0);
  load.observe({ rps: 10, eps: 0, utilization: 0 }, 0);
  assert.equal(load.read(20_000), 0);
  load.observe({ rps: 10, eps: 0, utilization: 0.5 }, 20_000);
  load.observe({ rps: 0, eps: 0, utilization: 0.9 }, 25_000);
  assert.equal(load.read(30_000), 20);
});

test('the first ten seconds are not believed, and what is three minutes old is forgotten', () => {
  const load = new LoadWeight();
  load.observe({ rps: 10, eps: 0, utilization: 0.5 }, 0);
  assert.equal(load.read(9_999), 0);
  assert.equal(load.read(10_000), 20);
  assert.equal(load.read(179_999), 20);
  assert.equal(load.read(180_000), 0);
  load.observe({ rps: 10, eps: 0, utilization: 0.5 }, 200_000);
  assert.equal(load.read(209_999), 0, 'then it begins anew');
  assert.equal(load.read(210_000), 20);
});

test('who has not told gets the mean, and nobody is far from it', () => {
  assert.deepEqual(weighed([10, 0, 30]), [10, 20, 30]);
  assert.equal(weighed([10, 0, 0]), undefined, 'one alone can not be compared');
  assert.equal(weighed([]), undefined);
  const steep = weighed([...Array.from({ length: 99 }, () => 1), 10_000])!;
  assert.deepEqual([steep[0], steep[99]], [1, 10], 'ten times the median is the most');
  assert.deepEqual(weighed([1e-9, 1, 1])![0], 0.01, 'a hundredth of it is the least');
  assert.deepEqual(weighed([1e12, 0, 1, 1]), [10, 4, 1, 1], 'nor does who has not told get what one makes up');
});

test('whatever a server says, its weight is a number that can be summed and divided', () => {
  const extremes = [5e-324, 1e-300, 1, 1e300, Number.MAX_VALUE];
  const weights = extremes.flatMap((rps) =>
    extremes.flatMap((utilization) =>
      [0, ...extremes].map((eps) => {
        const load = new LoadWeight();
        load.observe({ rps, eps, utilization }, 0);
        return load.read(10_000);
      }),
    ),
  );
  assert.ok(weights.every((weight) => weight > 0 && Number.isFinite(weight)));
  const all = weighed(weights)!;
  assert.ok(Number.isFinite(all.reduce((sum, weight) => sum + weight, 0)));
  assert.ok(Math.max(...all) <= 1_000 * Math.min(...all));
});
