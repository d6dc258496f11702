import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ration } from '../../src/math/ration.ts';

test('no more than the share is granted of what came', () => {
  const ration = new Ration(10_000);
  let granted = 0;
  for (let now = 0; now < 1_000; now++) {
    ration.count(now);
    if (ration.take(0.2, now)) granted++;
    assert.ok(granted <= 0.2 * (now + 1));
  }
  assert.equal(granted, 200);
});

test('the first of few is not granted', () => {
  const ration = new Ration(10_000);
  for (let count = 0; count < 4; count++) ration.count(0);
  assert.equal(ration.take(0.2, 0), false);
  ration.count(0);
  assert.equal(ration.take(0.2, 0), true);
  assert.equal(ration.take(0.2, 0), false);
});

test('what came long ago allows nothing now', () => {
  const ration = new Ration(10_000);
  for (let count = 0; count < 100; count++) ration.count(0);
  assert.equal(ration.take(0.2, 10_000), false);
});

test('a share of 0 grants nothing, one of 1 grants all', () => {
  const ration = new Ration(10_000);
  ration.count(0);
  assert.equal(ration.take(0, 0), false);
  assert.equal(ration.take(1, 0), true);
});
