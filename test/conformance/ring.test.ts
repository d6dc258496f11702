// The rings of Envoy's test/extensions/load_balancing_policies/ring_hash/ring_hash_lb_test.cc.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashRing } from '../../src/math/ring.ts';
import { Xxh64 } from '../../src/math/xxh64.ts';

const hash = new Xxh64();
const MOST = 2n ** 64n - 1n;

const hosts = (ports: readonly number[], weights: readonly number[] = []) =>
  ports.map((port, at) => ({ key: `127.0.0.1:${port}`, weight: weights[at] ?? 1 }));
const named = (keys: readonly string[]) => keys.map((key) => ({ key, weight: 1 }));
const word = (value: bigint) => ({ hi: Number(value >> 32n), lo: Number(value & 0xffff_ffffn) });

/** Who owns each of these. */
const owners = (ring: HashRing, hashes: readonly bigint[]): number[] => hashes.map((value) => ring.owner(word(value)));

/** Holds a ring against its places as published: each place belongs to its host, and what is above it to the next one's. */
function assertIs(ring: HashRing, places: readonly (readonly [host: number, at: bigint])[]): void {
  assert.equal(ring.size, places.length);
  for (const [index, [host, at]] of places.entries()) {
    const next = places[(index + 1) % places.length]![0];
    assert.deepEqual(owners(ring, [at, at + 1n]), [host, next], `${at}`);
  }
  assert.deepEqual(owners(ring, [0n, MOST]), [places[0]![0], places[0]![0]]);
}

const SIX = [90, 91, 92, 93, 94, 95];

test('six hosts of two places each', () => {
  assertIs(new HashRing(hosts(SIX), hash, { least: 12, most: 8_388_608 }), [
    [4, 833437586790550860n],
    [2, 928266305478181108n],
    [0, 1033482794131418490n],
    [5, 3551244743356806947n],
    [3, 3851675632748031481n],
    [1, 5583722120771150861n],
    [1, 6311230543546372928n],
    [3, 7700377290971790572n],
    [5, 13144177310400110813n],
    [2, 13444792449719432967n],
    [4, 15516499411664133160n],
    [0, 16117243373044804889n],
  ]);
});

test('six hosts by their names', () => {
  assertIs(new HashRing(named(['90', '91', '92', '93', '94', '95']), hash, { least: 12, most: 8_388_608 }), [
    [5, 1975508444536362413n],
    [5, 2376063919839173711n],
    [3, 2386806903309390596n],
    [4, 6749904478991551885n],
    [3, 6803900775736438537n],
    [2, 7225015537174310577n],
    [0, 8787465352164086522n],
    [2, 11282020843382717940n],
    [1, 13723418369486627818n],
    [0, 13776502110861797421n],
    [1, 14338313586354474791n],
    [4, 15364271037087512980n],
  ]);
});

test('two hosts in a ring of at least three places have two each', () => {
  assertIs(new HashRing(hosts([80, 81]), hash, { least: 3, most: 8_388_608 }), [
    [0, 5454692015285649509n],
    [1, 7859399908942313493n],
    [0, 13838424394637650569n],
    [1, 16064866803292627174n],
  ]);
  assertIs(new HashRing(hosts([81, 82]), hash, { least: 3, most: 8_388_608 }), [
    [0, 7859399908942313493n],
    [1, 8241336090459785962n],
    [1, 12882406409176325258n],
    [0, 16064866803292627174n],
  ]);
});

test('hosts of weight 1, 2 and 3 in a ring of six', () => {
  assertIs(new HashRing(hosts([90, 91, 92], [1, 2, 3]), hash, { least: 6, most: 6 }), [
    [2, 928266305478181108n],
    [2, 4443673547860492590n],
    [1, 5583722120771150861n],
    [1, 6311230543546372928n],
    [2, 13444792449719432967n],
    [0, 16117243373044804889n],
  ]);
});

test('hosts of weight 1, 2, 2 and 4 in a ring of nine', () => {
  assertIs(new HashRing(hosts([90, 91, 92, 93], [1, 2, 2, 4]), hash, { least: 9, most: 9 }), [
    [2, 928266305478181108n],
    [3, 3851675632748031481n],
    [1, 5583722120771150861n],
    [1, 6311230543546372928n],
    [3, 7700377290971790572n],
    [3, 12559126875973811811n],
    [2, 13444792449719432967n],
    [3, 13784988426630141778n],
    [0, 16117243373044804889n],
  ]);
});

for (const [weights, places, due] of [
  [[1, 2, 3], 6_144, [987, 1_932, 3_081]],
  [[1, 2, 2, 4], 9_216, [924, 2_009, 2_053, 4_014]],
] as const) {
  test(`weights ${weights.join(', ')} in a ring of ${places} own ${due.join(', ')} of as many hashes`, () => {
    const ring = new HashRing(hosts([90, 91, 92, 93].slice(0, weights.length), weights), hash, {
      least: places,
      most: 8_388_608,
    });
    assert.equal(ring.size, places);
    const count = due.reduce((sum: number, one) => sum + one, 0);
    const found = weights.map(() => 0);
    for (let at = 0; at < count; at++) found[ring.owner(word(BigInt(at) * (MOST / BigInt(count))))]!++;
    assert.deepEqual(found, due);
  });
}

test('four hosts in a ring of two places: two of them have none', () => {
  const ring = new HashRing(hosts([90, 91, 92, 93]), hash, { least: 2, most: 2 });
  const found = new Set<number>();
  for (let at = 0n; at < 1_024n; at++) found.add(ring.owner(word(at * (MOST / 1_024n))));
  assert.equal(ring.size, 2);
  assert.equal(found.size, 2);
});

test('another attempt goes to the next place, and round the ring', () => {
  const ring = new HashRing(hosts(SIX), hash, { least: 12, most: 8_388_608 });
  assert.deepEqual(
    [0, 1, 2, 13].map((attempt) => ring.owner(word(0n), attempt)),
    [4, 2, 0, 2],
  );
});
