import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throttling } from '../../src/math/throttling.ts';

/** A hundred requests, so many of them accepted. */
function hundred(accepted: number): Throttling {
  const throttling = new Throttling();
  for (let request = 0; request < 100; request++) throttling.count(request < accepted, 0);
  return throttling;
}

test('the share is the one of Envoy for its threshold of 95 %, and has a cap', () => {
  const shares = [95, 90, 50, 0].map((accepted) => hundred(accepted).share(1 / 0.95, 0.8, 0));
  assert.deepEqual(
    shares.map((share) => Number(share.toFixed(3))),
    [0, 0.052, 0.469, 0.8],
  );
});

test('with the ratio of the SRE book nothing is held back while half is accepted', () => {
  assert.equal(hundred(50).share(2, 0.9, 0), 0);
  assert.equal(Number(hundred(25).share(2, 0.9, 0).toFixed(3)), 0.495);
});

test('who has not asked is not held back, and what was refused is forgotten after ten seconds', () => {
  assert.equal(new Throttling().share(2, 0.9, 0), 0);
  const throttling = hundred(0);
  assert.equal(throttling.share(2, 0.9, 9_000), 0.9);
  assert.equal(throttling.share(2, 0.9, 10_000), 0);
  assert.deepEqual(throttling.counts(10_000), { requests: 0, accepted: 0 });
});
