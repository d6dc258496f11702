import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff } from '../../src/math/backoff.ts';

test('the longest wait doubles with each retry until it meets its bound', () => {
  const longest = [1, 2, 3, 4, 5, 6].map((retry) => backoff(25, 250, retry, 1));
  assert.deepEqual(longest, [25, 50, 100, 200, 250, 250]);
});

test('chance takes the wait anywhere down to nothing', () => {
  assert.equal(backoff(25, 250, 1, 0), 0);
  assert.equal(backoff(25, 250, 2, 0.5), 25);
  assert.equal(backoff(25, 250, 9, 0.5), 125);
});
