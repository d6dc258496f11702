import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Aimd } from '../../src/math/aimd.ts';
import { Gradient } from '../../src/math/gradient.ts';
import { Gradient2 } from '../../src/math/gradient2.ts';
import type { LimitRule } from '../../src/math/limit-rule.ts';
import { Vegas } from '../../src/math/vegas.ts';

const MOST = 200;

/** Windows of answers that took `ms`, with all that the limit allows under way; gives the limit after each. */
function windows(rule: LimitRule, count: number, ms: number, { at = 0, dropped = 0 } = {}): number[] {
  return Array.from({ length: count }, (_, turn) => {
    const inFlight = Math.floor(rule.limit);
    rule.update({ ms, inFlight, answers: 20, dropped }, MOST, at + turn * 100);
    return rule.limit;
  });
}

test('gradient: when latency doubles, the limit falls by 40 % within 10 windows, and recovers', () => {
  const rule = new Gradient(100, 0.5);
  const before = windows(rule, 8, 20).at(-1)!;
  const fallen = windows(rule, 10, 40, { at: 800 });
  assert.ok(Math.min(...fallen) <= 0.6 * before, `from ${before} to ${Math.min(...fallen)}`);
  const after = windows(rule, 20, 20, { at: 1_800 });
  assert.ok(after.at(-1)! >= 0.95 * before, `back at ${after.at(-1)}`);
});

test('gradient: when latency has doubled for good, that is found out, and the limit recovers all the same', () => {
  const rule = new Gradient(100, 0.5);
  const before = windows(rule, 8, 20).at(-1)!;
  const after = windows(rule, 60, 40, { at: 800 });
  assert.ok(Math.min(...after) <= 0.6 * before);
  assert.ok(after.at(-1)! >= 0.95 * before, `back at ${after.at(-1)}`);
});

test('gradient: one window is what the formula of Envoy says', () => {
  const rule = new Gradient(100, 0.5);
  windows(rule, 1, 20, { dropped: 0 });
  assert.equal(rule.limit, 1.25 * 100 + 10);
  const now = rule.limit;
  windows(rule, 1, 50);
  assert.equal(rule.limit, 0.5 * now + Math.sqrt(now));
});

test('gradient: a measurement that is not needed keeps nobody out', () => {
  const rule = new Gradient(100, 0.5);
  const seen = Array.from({ length: 1_000 }, (_, turn) => {
    rule.update({ ms: 20, inFlight: 30, answers: 20, dropped: 0 }, MOST, turn * 100);
    return rule.limit;
  });
  assert.deepEqual(new Set(seen), new Set([100]));
});

test('gradient2: when latency doubles, the limit falls to two thirds within 10 windows, and recovers', () => {
  const rule = new Gradient2(20);
  const before = windows(rule, 300, 20).at(-1)!;
  assert.equal(before, MOST);
  const fallen = windows(rule, 10, 40, { at: 20_000 }).at(-1)!;
  assert.ok(fallen <= 0.68 * before && fallen > 0.5 * before, `${fallen}`);
  assert.ok(windows(rule, 200, 20, { at: 21_000 }).at(-1)! >= 0.95 * before);
});

test('vegas: grows by six logarithms while nothing waits, and shrinks by one while much does', () => {
  const rule = new Vegas(20, 0.5);
  assert.deepEqual(windows(rule, 3, 20), [26, 32, 38]);
  const high = windows(rule, 12, 20).at(-1)!;
  assert.equal(high, 38 + 11 * 6 + 12); // from 100 on the logarithm is 2
  assert.deepEqual(windows(rule, 3, 40), [high - 2, high - 4, high - 6]);
});

test('vegas: at one it grows again, also when its best latency is one that never comes back', () => {
  const rule = new Vegas(20, 0.5);
  windows(rule, 1, 0.5);
  windows(rule, 4, 20, { dropped: 5 });
  const seen = windows(rule, 200, 20);
  assert.ok(seen.at(-1)! > 100, `${seen.at(-1)}`);
});

test('aimd: a tenth less for a window in which something was refused or took more than 5 s, else one more', () => {
  const rule = new Aimd(100);
  assert.deepEqual(windows(rule, 2, 20), [101, 102]);
  assert.deepEqual(windows(rule, 1, 20, { dropped: 1 }), [102 * 0.9]);
  assert.deepEqual(windows(rule, 1, 5_001), [102 * 0.9 * 0.9]);
});

test('every rule falls while things are refused, also when nothing but refusals comes', () => {
  for (const rule of [new Aimd(100), new Gradient(100, 0), new Gradient2(100), new Vegas(100, 0)]) {
    for (let turn = 0; turn < 10; turn++) {
      rule.update({ ms: Number.NaN, inFlight: 50, answers: 0, dropped: 20 }, MOST, turn * 100);
    }
    assert.ok(rule.limit <= 90, `${rule.constructor.name}: ${rule.limit}`);
  }
});
