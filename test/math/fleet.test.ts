import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outliers, successBar } from '../../src/math/fleet.ts';

/** A50's own numbers. */
const A50 = { deviations: 1.9, failing: 0.85, hosts: 5, volume: 100 };
const RATE_ONLY = { ...A50, failing: 1 };
const SHARE_ONLY = { ...A50, deviations: 0 };

/** Endpoints by their failures in each hundred calls. */
const failing = (...failures: number[]) => failures.map((one) => ({ calls: 100, failures: one }));
const found = (...args: Parameters<typeof outliers>) => outliers(...args).map(([at, { kind }]) => [at, kind]);

test('four that never fail and one that fails half: the mean is 90, the deviation 20, the bar 52', () => {
  const bar = successBar(failing(50, 0, 0, 0, 0), A50)!;
  assert.ok(Math.abs(bar - 0.52) < 1e-12, `${bar}`);
});

test('who is below the bar is out, and only who is', () => {
  const [at, verdict] = outliers(failing(0, 0, 50, 0, 0), A50)[0]!;
  assert.equal(at, 2);
  assert.equal(verdict.kind, 'success-rate');
  assert.equal(verdict.rate, 0.5);
  assert.deepEqual(found(failing(0, 0, 0, 0, 0), A50), [], 'at the bar is not below it');
  assert.deepEqual(found(failing(30, 30, 30, 30, 30), A50), [], 'all alike: the fault is not theirs');
});

test('of five, one alone is an outlier at 1.9 deviations, and two are not: no rate can be far from a mean that it makes', () => {
  assert.deepEqual(found(failing(50, 50, 0, 0, 0), A50), []);
  assert.deepEqual(found(failing(1, 0, 0, 0, 0), RATE_ONLY), [[0, 'success-rate']], 'nor need it be much');
});

test('fewer than five with enough calls are no fleet', () => {
  assert.deepEqual(found(failing(100, 0, 0, 0), A50), []);
  const few = [...failing(0, 0, 0, 0), { calls: 99, failures: 99 }];
  assert.deepEqual(found(few, A50), []);
  assert.equal(successBar([], { ...A50, hosts: 1, volume: 1 }), undefined);
});

test('one with too few calls is neither judged nor part of the mean', () => {
  const fleet = [...failing(50, 0, 0, 0, 0), { calls: 99, failures: 99 }];
  assert.deepEqual(found(fleet, A50), [[0, 'success-rate']]);
  assert.equal(successBar(fleet, A50), successBar(failing(50, 0, 0, 0, 0), A50));
});

test('a share of failures must be larger than the limit: 85 of 100 is not, 86 is', () => {
  assert.deepEqual(found(failing(85, 85, 85, 85, 85), SHARE_ONLY), []);
  assert.deepEqual(found(failing(86, 85, 85, 85, 86), SHARE_ONLY), [
    [0, 'failure-percentage'],
    [4, 'failure-percentage'],
  ]);
  assert.deepEqual(found(failing(100, 100, 100, 100, 100), { ...SHARE_ONLY, failing: 1 }), [], '1 is off');
});

test('all by their rate come before all by their share, as A50 has it', () => {
  assert.deepEqual(found(failing(90, 0, 0, 0, 0, 0, 0, 0, 0, 0), A50), [
    [0, 'success-rate'],
    [0, 'failure-percentage'],
  ]);
});
