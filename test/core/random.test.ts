import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entropy, seeded } from '../../src/core/random.ts';
import { fixed } from '../../src/testing.ts';

const take = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

test('the same seed gives the same numbers, on every machine', () => {
  const { bits } = seeded(42);
  assert.deepEqual(take(3, bits), take(3, seeded(42).bits));
  assert.deepEqual(take(100, seeded(1, 2, 3).next), take(100, seeded(1, 2, 3).next));
});

test('seeds that are near give numbers that are far', () => {
  const firsts = take(1_000, () => 0).map((_, seed) => seeded(seed).bits());
  assert.equal(new Set(firsts).size, 1_000);
  const mean = firsts.reduce((sum, bits) => sum + bits / 2 ** 32, 0) / 1_000;
  assert.ok(mean > 0.45 && mean < 0.55, `the mean of 1000 first numbers is ${mean}`);
  assert.notDeepEqual(take(3, seeded(0, 0, 1).bits), take(3, seeded(0, 1, 0).bits));
});

test('numbers are from 0 to 1, spread evenly', () => {
  const { next } = seeded(7);
  const counts = new Array<number>(20).fill(0);
  for (const number of take(50_000, next)) {
    assert.ok(number >= 0 && number < 1);
    counts[Math.floor(number * 20)]!++;
  }
  for (const count of counts) assert.ok(Math.abs(count - 2_500) < 200, `${counts}`);
});

test('bits are whole numbers of 32 bits, each bit set half of the time', () => {
  const all = take(20_000, seeded(3).bits);
  assert.ok(all.every((bits) => Number.isInteger(bits) && bits >= 0 && bits <= 0xffff_ffff));
  for (let bit = 0; bit < 32; bit++) {
    const set = all.filter((bits) => (bits >>> bit) & 1).length;
    assert.ok(Math.abs(set - 10_000) < 400, `bit ${bit} is set ${set} times of 20000`);
  }
});

test('below gives every whole number under the limit, and no other', () => {
  const random = seeded(5);
  assert.deepEqual([...new Set(take(1_000, () => random.below(6)))].sort(), [0, 1, 2, 3, 4, 5]);
  assert.equal(fixed(0.999_999_999).below(3), 2);
  assert.equal(random.below(1), 0);
  const [one, other] = [seeded(6), seeded(6)];
  for (let n = 0; n < 1_000; n++) assert.equal(one.below(1_000), Math.floor(other.next() * 1_000));
});

test('two sources of entropy share nothing', () => {
  assert.notDeepEqual(take(4, entropy().bits), take(4, entropy().bits));
});

test('a fixed source gives what it was told, over and over', () => {
  assert.deepEqual(take(5, fixed(0.1, 0.9).next), [0.1, 0.9, 0.1, 0.9, 0.1]);
  assert.equal(fixed(0.5).bits(), 2 ** 31);
  assert.throws(() => fixed(), RangeError);
});
