import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RollingSum } from '../../src/math/rolling-sum.ts';

test('what was added is there until a tenth of the window short of the window has passed, and gone after it', () => {
  const sum = new RollingSum(1_000);
  sum.add(5, 0);
  assert.equal(sum.sum(0), 5);
  assert.equal(sum.sum(999), 5);
  assert.equal(sum.sum(1_000), 0);
});

test('a long silence empties it, whatever rounding had left behind', () => {
  const sum = new RollingSum(1_000);
  for (let at = 0; at < 900; at += 100) sum.add(0.1, at);
  assert.equal(sum.sum(1_000_000), 0);
});

test('a clock that begins late is no different', () => {
  const sum = new RollingSum(1_000);
  sum.add(1, 1e12);
  assert.equal(sum.sum(1e12 + 800), 1);
  assert.equal(sum.sum(1e12 + 1_000), 0);
});
