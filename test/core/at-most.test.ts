import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atMost } from '../../src/core/at-most.ts';
import { systemClock } from '../../src/core/clock.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { standStill } from '../support/stand-still.ts';

test('what work comes to is given as soon as it is there, and no timer stays', async () => {
  const clock = new VirtualClock();
  assert.equal(await atMost(clock, 100, Promise.resolve(7)), 7);
  assert.equal(await atMost(clock, 100, Promise.reject(new Error('no'))), undefined);
  assert.equal(clock.now(), 0);
  assert.equal(clock.scheduled, 0);
});

test('work that takes longer is left to itself, also when it fails later', async () => {
  const clock = new VirtualClock();
  const { promise, reject } = Promise.withResolvers<number>();
  const waited = atMost(clock, 100, promise);
  await clock.advance(100);
  assert.equal(await waited, undefined);
  reject(new Error('nobody hears this'));
  await clock.advance(0);
});

test('without work it waits', async () => {
  const clock = new VirtualClock();
  let over = false;
  void atMost(clock, 100).then(() => {
    over = true;
  });
  await clock.advance(99);
  assert.equal(over, false);
  await clock.advance(1);
  assert.equal(over, true);
});

test('what came of the work while the process itself stood still for longer is not too late', async () => {
  await new Promise(setImmediate); // from here the timers that are due come before what is to be read
  const work = new Promise<number>((resolve) => setImmediate(() => resolve(7)));
  const waited = atMost(systemClock, 20, work);
  standStill();
  assert.equal(await waited, 7);
});
