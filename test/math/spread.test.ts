import assert from 'node:assert/strict';
import { test } from 'node:test';
import { R4 } from '../../src/math/spread.ts';

test('numbers that are spread evenly come to true shares much sooner than chance does', () => {
  const TURNS = 4_096;
  const random = new R4();
  const counts = new Float64Array(5 * 5);
  let circle = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    random.turn();
    const [a, b, c, d, e] = [random.next(), random.next(), random.next(), random.next(), random.next()];
    for (const one of [a, b, c, d, e]) assert.ok(one >= 0 && one < 1);
    counts[Math.floor(a! * 5) * 5 + Math.floor(b! * 5)]! += 1 / TURNS;
    if (c! ** 2 + d! ** 2 < 1) circle += 1 / TURNS;
  }
  for (const share of counts) assert.ok(Math.abs(share - 1 / 25) < 0.002, `${share}`); // by chance it would be 0.003
  assert.ok(Math.abs(circle - Math.PI / 4) < 0.003, `${circle}`);
});

test('two go the same way, and bits are whole numbers of 32 bits', () => {
  const [one, other] = [new R4(), new R4()];
  for (let n = 0; n < 100; n++) {
    if (n % 7 === 0) {
      one.turn();
      other.turn();
    }
    assert.equal(one.next(), other.next());
  }
  assert.ok(Number.isInteger(one.bits()) && one.bits() < 2 ** 32);
  const [whole, fraction] = [new R4(), new R4()];
  for (let n = 0; n < 100; n++) assert.equal(whole.below(7), Math.floor(fraction.next() * 7));
});
