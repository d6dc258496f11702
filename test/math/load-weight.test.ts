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
  assert.ok(Math.abs(steep[99]! / 1_009.9 - 1) < 0.01, 'ten times the mean is the most');
  assert.ok(Math.abs(steep[0]! / 1.0099 - 1) < 0.01, 'a hundredth of the mean is the least');
});
