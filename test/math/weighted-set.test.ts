import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARTS } from '../../src/math/parts.ts';
import { WeightedSet } from '../../src/math/weighted-set.ts';

const sharesOf = (set: WeightedSet<string>, draws = 10_000): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (let draw = 0; draw < draws; draw++) {
    const member = set.draw(Math.floor(((draw + 0.5) / draws) * PARTS))!;
    counts[member] = (counts[member] ?? 0) + 1 / draws;
  }
  return Object.fromEntries(
    Object.entries(counts).map(([member, share]) => [member, Math.round(share * 1_000) / 1_000]),
  );
};

const setOf = (weights: Readonly<Record<string, number>>): WeightedSet<string> => {
  const set = new WeightedSet<string>();
  for (const [member, weight] of Object.entries(weights)) set.set(member, weight);
  return set;
};

test('an empty set gives nothing', () => {
  const set = new WeightedSet<string>();
  assert.equal(set.draw(PARTS / 2), undefined);
  assert.equal(set.at(0), undefined);
  assert.equal(set.size, 0);
  assert.equal(set.total, 0);
  assert.equal(set.delete('a'), false);
});

test('equal weights share evenly', () => {
  assert.deepEqual(sharesOf(setOf({ a: 3, b: 3, c: 3, d: 3 })), { a: 0.25, b: 0.25, c: 0.25, d: 0.25 });
});

test('each is drawn as often as its weight says', () => {
  assert.deepEqual(sharesOf(setOf({ a: 1, b: 2, c: 3, d: 4 })), { a: 0.1, b: 0.2, c: 0.3, d: 0.4 });
});

test('another weight counts from then on', () => {
  const set = setOf({ a: 1, b: 1 });
  set.set('b', 3);
  assert.deepEqual(sharesOf(set), { a: 0.25, b: 0.75 });
  set.set('a', 9);
  assert.deepEqual(sharesOf(set), { a: 0.75, b: 0.25 });
  assert.equal(set.total, 12);
});

test('one that is taken out is never drawn, and the last one keeps its weight in the place it moves to', () => {
  const set = setOf({ a: 1, b: 2, c: 3, d: 4 });
  assert.equal(set.delete('a'), true);
  assert.equal(set.has('a'), false);
  assert.deepEqual(sharesOf(set), { b: 0.222, c: 0.333, d: 0.444 });
  assert.equal(set.total, 9);
  assert.deepEqual([set.at(0), set.at(1), set.at(2), set.at(3)], ['d', 'b', 'c', undefined]);
});

test('the last one may be taken out, and the set begins anew', () => {
  const set = setOf({ a: 0.1, b: 0.2, c: 0.7 });
  for (const member of ['b', 'c', 'a']) set.delete(member);
  assert.equal(set.total, 0);
  assert.equal(set.draw(PARTS / 2), undefined);
  set.set('x', 5);
  set.set('y', 5);
  assert.equal(set.total, 10);
  assert.deepEqual(sharesOf(set), { x: 0.5, y: 0.5 });
});

test('it knows when weights are even', () => {
  const set = setOf({ a: 2, b: 2 });
  assert.equal(set.even, true);
  set.set('c', 1);
  assert.equal(set.even, false);
});

test('weights that have become equal again are drawn in a single step, once it was asked to look', () => {
  const set = setOf({ a: 2, b: 2, c: 1 });
  set.settle();
  assert.equal(set.even, false);
  set.set('c', 2);
  assert.equal(set.even, false);
  set.settle();
  assert.equal(set.even, true);
  assert.equal(set.total, 6);
  set.set('d', 3);
  assert.equal(set.total, 9);
  assert.ok(Math.abs(sharesOf(set).d! - 1 / 3) < 0.001);
});

test('its version grows with what changes, and with nothing else', () => {
  const set = setOf({ a: 1, b: 1 });
  const seen = new Set([set.version]);
  for (const change of [() => set.set('a', 2), () => set.set('c', 1), () => set.delete('a')]) {
    change();
    assert.ok(!seen.has(set.version));
    seen.add(set.version);
  }
  set.set('b', 1);
  set.delete('nobody');
  set.draw(PARTS / 2);
  assert.ok(seen.has(set.version));
});

test('growing past its room keeps every weight', () => {
  const set = new WeightedSet<string>();
  for (let member = 0; member < 1_000; member++) set.set(`${member}`, member % 2 === 0 ? 1 : 3);
  assert.equal(set.total, 2_000);
  const shares = sharesOf(set, 200_000);
  assert.equal(Object.keys(shares).length, 1_000);
  const odd = Object.entries(shares).filter(([member]) => Number(member) % 2 === 1);
  assert.ok(odd.every(([, share]) => share >= 0.001 && share <= 0.002));
});
