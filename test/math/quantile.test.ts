import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import { RollingQuantile } from '../../src/math/quantile.ts';

const WINDOW = 30_000;

test('before anything was observed it says nothing', () => {
  const quantile = new RollingQuantile(WINDOW);
  assert.equal(quantile.count(0), 0);
  assert.equal(quantile.read(0.95, 0), 0);
});

test('of the numbers from 1 to 1000 it knows every quantile within 3 %, from above', () => {
  const quantile = new RollingQuantile(WINDOW);
  for (let ms = 1; ms <= 1_000; ms++) quantile.observe(ms, 0);
  for (const share of [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 1]) {
    const read = quantile.read(share, 0);
    const real = share * 1_000;
    assert.ok(read >= real && read <= real * 1.032 + 0.1, `${share}: ${read} for ${real}`);
  }
});

test('it finds the tail of answers that come by chance', () => {
  const [quantile, random] = [new RollingQuantile(WINDOW), seeded(7)];
  for (let call = 0; call < 10_000; call++) quantile.observe(random.next() < 0.02 ? 200 : 5 + 5 * random.next(), 0);
  assert.ok(quantile.read(0.95, 0) <= 10.3);
  assert.ok(quantile.read(0.99, 0) >= 200);
});

test('what was observed a window ago is forgotten, a third of it at a time', () => {
  const quantile = new RollingQuantile(WINDOW);
  quantile.observe(100, 5_000);
  quantile.observe(10, 15_000);
  assert.equal(quantile.count(29_999), 2);
  assert.equal(quantile.count(30_000), 1);
  assert.ok(quantile.read(1, 30_000) < 11);
  assert.equal(quantile.count(40_000), 0);
  quantile.observe(1, 1_000_000);
  assert.equal(quantile.count(1_000_000), 1);
});

test('nothing is too short or too long for it, and a clock that stands still does no harm', () => {
  const quantile = new RollingQuantile(WINDOW);
  for (const ms of [-1, 0, 1e-9, 1e9, Number.MAX_VALUE]) quantile.observe(ms, 1);
  quantile.observe(5, 0);
  assert.equal(quantile.count(0), 6);
  assert.ok(quantile.read(1, 1) >= 262_000);
});
