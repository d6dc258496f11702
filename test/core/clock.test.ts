import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';

const after = (ms: number): Promise<void> => new Promise((resolve) => systemClock.schedule(ms, resolve));

test('the clock of the machine never goes back, and its calendar says this year or later', async () => {
  const begun = systemClock.now();
  await after(1);
  assert.ok(systemClock.now() >= begun);
  assert.ok(systemClock.epoch() > Date.UTC(2025, 0, 1));
});

test('a task cancelled does not run', async () => {
  systemClock.schedule(0, () => assert.fail('it was cancelled')).cancel();
  await after(1);
});

test('a task for a far future does not run at once, as setTimeout would have it', async () => {
  const timer = systemClock.schedule(2 ** 40, () => assert.fail('that was not far'));
  const endless = systemClock.schedule(Number.POSITIVE_INFINITY, () => assert.fail('that was not endless'));
  await after(5);
  timer.cancel();
  endless.cancel();
});

test('a task that is not held lets the process end', () => {
  const held = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = held();
  const timer = systemClock.schedule(60_000, () => {});
  assert.equal(held(), before + 1);
  timer.hold(false);
  assert.equal(held(), before);
  timer.hold(true);
  assert.equal(held(), before + 1);
  timer.cancel();
  assert.equal(held(), before);
});
