// The laws of gRPC's static stride scheduler, as test/core/load_balancing/static_stride_scheduler_test.cc of grpc/grpc
// states them, and its order by the formula of proposal A58.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StaticStride } from '../../src/math/stride.ts';

const turns = (stride: StaticStride, count: number): number[] => Array.from({ length: count }, () => stride.next());
const tally = (picks: readonly number[]): number[] =>
  picks.reduce<number[]>((sum, pick) => sum.with(pick, sum[pick]! + 1), new Array(Math.max(...picks) + 1).fill(0));

/** The order as A58 has it: from one sequence, with nothing kept but its number. */
function byTheBook(scaled: readonly number[], count: number, from = 0): number[] {
  const found: number[] = [];
  for (let sequence = from; found.length < count; sequence++) {
    const index = sequence % scaled.length;
    const generation = Math.floor(sequence / scaled.length);
    const weight = scaled[index]!;
    if ((weight * generation + index * 0x7fff) % 0xffff >= 0xffff - weight) found.push(index);
  }
  return found;
}

test('weights 1, 2, 3 are picked exactly so often in six turns', () => {
  assert.deepEqual(tally(turns(new StaticStride([1, 2, 3]), 6)), [1, 2, 3]);
});

test('equal weights are a round robin', () => {
  const stride = new StaticStride([300, 300, 300]);
  const round = turns(stride, 3);
  assert.deepEqual(round.toSorted(), [0, 1, 2]);
  for (let at = 0; at < 1_000; at++) assert.equal(stride.next(), round[at % 3]);
});

test('the largest is picked in every generation', () => {
  const stride = new StaticStride([1, 2, 3]);
  let largest = 0;
  for (let turn = 0; turn < 65_535 * 2; turn++) if (stride.next() === 2) largest++;
  assert.equal(largest, 65_535);
});

test('one built anew goes on as the old one would have', () => {
  const weights = [0.3, 2, 3, 7.5, 1];
  const whole = turns(new StaticStride(weights, 12_345), 200);
  let stride = new StaticStride(weights, 12_345);
  for (const pick of whole) {
    assert.equal(stride.next(), pick);
    stride = new StaticStride(weights, stride.turn);
  }
});

test('the order is that of the formula, from wherever it begins', () => {
  for (const [weights, scaled] of [
    [
      [1, 2, 3],
      [21_845, 43_690, 65_535],
    ],
    [
      [5, 5, 5, 1],
      [65_535, 65_535, 65_535, 13_107],
    ],
    [
      [0.1, 100],
      [66, 65_535],
    ],
  ] as const) {
    for (const from of [0, 1, 2, 77, 1_000_003, 4_294_967_295]) {
      assert.deepEqual(turns(new StaticStride(weights, from), 300), byTheBook(scaled, 300, from));
    }
  }
});

test('weights that are no numbers, or as good as nothing, have turns all the same: there is always somebody', () => {
  for (const weights of [
    [Number.NaN, Number.NaN],
    [Number.POSITIVE_INFINITY, 1],
    [0, 0],
    [5e-324, 0, 1e308],
  ]) {
    const stride = new StaticStride(weights);
    for (let turn = 0; turn < 10; turn++) assert.ok(stride.next() < weights.length);
  }
});
