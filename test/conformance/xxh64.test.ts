// XXH64 by vectors: those that the tests of other implementations share, and Envoy's ring, which is hashes of text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Xxh64 } from '../../src/math/xxh64.ts';

const hash = new Xxh64();
const hex = ({ hi, lo }: Xxh64): string => [hi, lo].map((half) => half.toString(16).padStart(8, '0')).join('');
const decimal = ({ hi, lo }: Xxh64): bigint => (BigInt(hi) << 32n) | BigInt(lo);

for (const [text, due] of [
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['as', '1c330fb2d66be179'],
  ['asd', '631c37ce72a97393'],
  ['asdf', '415872f599cea71e'],
  ['abc', '44bc2cf5ad770999'],
  ['Call me Ishmael. Some years ago--never mind how long precisely-', '02a2e85470d6fd96'],
  ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
] as const) {
  test(`'${text}' is ${due}`, () => {
    assert.equal(hex(hash.text(text)), due);
    assert.equal(hex(hash.bytes(new TextEncoder().encode(text))), due);
  });
}

/** XXH64 as its specification has it, in whole numbers of any size: slow, and easy to compare with the paper. */
function byTheBook(bytes: Uint8Array, seed: bigint): bigint {
  const P = [
    11400714785074694791n,
    14029467366897019727n,
    1609587929392839161n,
    9650029242287828579n,
    2870177450012600261n,
  ];
  const [P1, P2, P3, P4, P5] = P as [bigint, bigint, bigint, bigint, bigint];
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  const turn = (value: bigint, by: bigint) => cut(value << by) | (value >> (64n - by));
  const read = (at: number, size: number) =>
    bytes.subarray(at, at + size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const round = (lane: bigint, input: bigint) => cut(turn(cut(lane + input * P2), 31n) * P1);
  let [sum, at] = [cut(seed + P5), 0];
  if (bytes.length >= 32) {
    const lanes = [cut(seed + P1 + P2), cut(seed + P2), cut(seed), cut(seed - P1)];
    for (; at + 32 <= bytes.length; at += 32) {
      for (const lane of lanes.keys()) lanes[lane] = round(lanes[lane]!, read(at + lane * 8, 8));
    }
    sum = [1n, 7n, 12n, 18n].reduce((all, by, lane) => cut(all + turn(lanes[lane]!, by)), 0n);
    for (const lane of lanes) sum = cut((sum ^ round(0n, lane)) * P1 + P4);
  }
  sum = cut(sum + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) sum = cut(turn(sum ^ round(0n, read(at, 8)), 27n) * P1 + P4);
  if (at + 4 <= bytes.length) {
    sum = cut(turn(sum ^ cut(read(at, 4) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < bytes.length; at++) sum = cut(turn(sum ^ cut(read(at, 1) * P5), 11n) * P1);
  sum = cut((sum ^ (sum >> 33n)) * P2);
  sum = cut((sum ^ (sum >> 29n)) * P3);
  return sum ^ (sum >> 32n);
}

test('bytes of every length and value, and seeds, as the specification has it', () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, at) => (at * 151 + 7) & 255);
  for (let length = 0; length <= bytes.length; length++) {
    for (const seed of [0, 1, 0x9e37_79b1, 0xffff_ffff]) {
      const part = bytes.subarray(0, length);
      assert.equal(decimal(hash.bytes(part, seed)), byTheBook(part, BigInt(seed)), `${length} bytes, seed ${seed}`);
    }
  }
});

test('text is hashed as UTF-8, short or long, also when half of a pair stands alone', () => {
  for (const text of ['é', 'Straße 12', '日本', '👍', 'a👍', `${'x'.repeat(300)}ü`, 'y'.repeat(5_000), '\ud800']) {
    const bytes = new TextEncoder().encode(text);
    assert.equal(decimal(hash.text(text, 1)), byTheBook(bytes, 1n), text.slice(0, 20));
  }
});

test('the remainder is that of the whole number', () => {
  for (const text of ['a', 'user-17', '10.0.0.1:80']) {
    const value = decimal(hash.text(text));
    for (const size of [1, 2, 7, 65_537, 1_048_573]) assert.equal(hash.modulo(size), Number(value % BigInt(size)));
  }
});
