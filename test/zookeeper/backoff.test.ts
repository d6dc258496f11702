import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import { Backoff, longestMs } from '../../src/zookeeper/backoff.ts';

test('each server is tried once soon, then the waits grow at random up to a third of the session timeout', () => {
  const backoff = new Backoff(seeded(1), 3);
  const waits = Array.from({ length: 40 }, () => backoff.next(9_000));
  for (const wait of waits.slice(0, 3)) assert.ok(wait >= 0 && wait < 450, `${wait}`);
  for (const wait of waits.slice(3)) assert.ok(wait >= 100 && wait <= 3_000, `${wait}`);
  const late = waits.slice(20).reduce((sum, wait) => sum + wait, 0) / 20;
  assert.ok(late > 500, `the waits stayed at ${late} ms`);
});

test('only a link that lived for a second begins the waits anew', () => {
  const backoff = new Backoff(seeded(2), 1);
  for (let round = 0; round < 20; round++) backoff.next(60_000);
  backoff.ended(999);
  assert.ok(backoff.next(60_000) >= 100);
  backoff.ended(1_000);
  assert.ok(backoff.next(60_000) < 500); // the first one of a cycle, which is not a growing one
  assert.ok(backoff.next(60_000) <= 300);
});

test('clients do not come as one', () => {
  const firsts = Array.from({ length: 100 }, (_, seed) => new Backoff(seeded(seed), 3).next(10_000));
  const half = firsts.filter((wait) => wait < 250).length;
  assert.ok(half > 30 && half < 70, `${half} of 100 came in the first half`);
});

test('several tries fit in a session timeout, and none waits for long', () => {
  assert.deepEqual([1_000, 9_000, 60_000].map(longestMs), [1_000, 3_000, 5_000]);
});
