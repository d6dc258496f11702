import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gcra } from '../../src/math/gcra.ts';

const PER_MS = 100 / 1_000; // 100/s

/** How many of `asked` go at a moment. */
const at = (gcra: Gcra, now: number, asked: number, burst: number, perMs = PER_MS): number => {
  let gone = 0;
  for (let call = 0; call < asked; call++) if (gcra.take(perMs, burst, now)) gone++;
  return gone;
};

test('a burst goes at once, and then one for each spacing', () => {
  const gcra = new Gcra();
  assert.equal(at(gcra, 0, 50, 10), 10);
  assert.equal(at(gcra, 9.9, 1, 10), 0);
  assert.equal(at(gcra, 10, 5, 10), 1);
  assert.equal(at(gcra, 30, 5, 10), 2);
  assert.equal(at(gcra, 10_000, 50, 10), 10);
});

test('at the edge of a second there is no second helping', () => {
  const gcra = new Gcra();
  assert.equal(at(gcra, 999, 1_000, 100), 100);
  assert.equal(at(gcra, 1_001, 1_000, 100), 0);
  assert.equal(at(gcra, 1_009, 1_000, 100), 1);
});

test('it says how long the next has to wait', () => {
  const gcra = new Gcra();
  assert.equal(gcra.wait(PER_MS, 1, 0), 0);
  gcra.add(PER_MS, 0);
  assert.equal(gcra.wait(PER_MS, 1, 0), 10);
  assert.ok(Math.abs(gcra.wait(PER_MS, 1, 4) - 6) < 1e-9);
  assert.equal(gcra.wait(PER_MS, 2, 4), 0);
});

test('what is promised for later counts, so that each of those who wait has a turn of its own', () => {
  const gcra = new Gcra();
  const turns = Array.from({ length: 5 }, () => {
    const wait = gcra.wait(PER_MS, 1, 0);
    gcra.add(PER_MS, 0);
    return Math.round(wait);
  });
  assert.deepEqual(turns, [0, 10, 20, 30, 40]);
});

test('another rate and burst go on from what was used', () => {
  const gcra = new Gcra();
  assert.equal(at(gcra, 0, 20, 10), 10);
  assert.equal(at(gcra, 0, 20, 12), 2, 'two more fit into a larger burst');
  gcra.turn(PER_MS / 10, 12, 0);
  assert.equal(at(gcra, 100, 20, 12, PER_MS / 10), 1, 'a tenth of the rate drains a tenth');
});

test('a burst that is made small holds what was used of the large one, and no more than fits in', () => {
  const gcra = new Gcra();
  assert.equal(at(gcra, 0, 2_000, 1_000, 1), 1_000);
  gcra.turn(PER_MS, 10, 0);
  assert.equal(gcra.wait(PER_MS, 10, 0), 10);
  assert.equal(at(gcra, 10, 5, 10), 1);
  gcra.turn(PER_MS, 10, 30);
  assert.equal(at(gcra, 30, 5, 10), 2);
});

test('what has drained before a rate was lowered stays drained', () => {
  const gcra = new Gcra();
  assert.equal(at(gcra, 0, 2_000, 1_000, 1), 1_000);
  assert.equal(gcra.wait(1 / 3_600_000, 1, 60_000), 0);
  assert.equal(at(gcra, 60_000, 5, 1, 1 / 3_600_000), 1);
});

test('a clock that stands still or steps back lets nobody through', () => {
  const gcra = new Gcra();
  assert.equal(at(gcra, 100, 20, 10), 10);
  assert.equal(at(gcra, 50, 20, 10), 0);
});
