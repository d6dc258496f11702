import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeakEwma } from '../../src/math/peak-ewma.ts';

const near = (got: number, want: number): void => assert.ok(Math.abs(got - want) < 1e-9, `${got} is not ${want}`);

test('nothing is known before the first answer, and 0 is what that reads as', () => {
  const ewma = new PeakEwma();
  assert.equal(ewma.known, false);
  assert.equal(ewma.read(5_000, 10_000), 0);
});

test('the first answer counts whole, and so does every slower one', () => {
  const ewma = new PeakEwma();
  ewma.observe(20, 0, 10_000);
  assert.equal(ewma.read(0, 10_000), 20);
  ewma.observe(400, 1, 10_000);
  assert.equal(ewma.read(1, 10_000), 400);
});

test('a faster answer counts by the time that has passed since the last', () => {
  const ewma = new PeakEwma();
  ewma.observe(100, 0, 1_000);
  ewma.observe(10, 0, 1_000);
  assert.equal(ewma.read(0, 1_000), 100);
  ewma.observe(10, 1_000, 1_000);
  near(ewma.read(1_000, 1_000), 100 * Math.exp(-1) + 10 * (1 - Math.exp(-1)));
});

test('a peak fades to 37 % within the decay while nothing is heard', () => {
  const ewma = new PeakEwma();
  ewma.observe(200, 0, 10_000);
  near(ewma.read(10_000, 10_000), 200 / Math.E);
  near(ewma.read(100_000, 10_000), 200 * Math.exp(-10));
});

test('an answer in no time at all is known, and reads as 0', () => {
  const ewma = new PeakEwma();
  ewma.observe(0, 0, 10_000);
  assert.equal(ewma.known, true);
  assert.equal(ewma.read(0, 10_000), 0);
});
