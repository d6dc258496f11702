// The tables of Envoy's test/extensions/load_balancing_policies/maglev/maglev_lb_test.cc.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Maglev } from '../../src/math/maglev.ts';
import { Xxh64 } from '../../src/math/xxh64.ts';

const hash = new Xxh64();
const hosts = (ports: readonly number[], weights: readonly number[] = []) =>
  ports.map((port, at) => ({ key: `127.0.0.1:${port}`, weight: weights[at] ?? 1 }));

/** A hash that is this small number. */
function of(value: number): Xxh64 {
  return Object.defineProperties(new Xxh64(), { hi: { value: 0 }, lo: { value } });
}

const entries = (table: Maglev): number[] => Array.from({ length: table.size }, (_, at) => table.owner(of(at)));

test('six hosts in seven entries', () => {
  const table = new Maglev(hosts([90, 91, 92, 93, 94, 95]), hash, 7);
  assert.deepEqual(entries(table), [2, 4, 0, 1, 5, 0, 3]);
});

test('six hosts by their names', () => {
  const named = ['90', '91', '92', '93', '94', '95'].map((key) => ({ key, weight: 1 }));
  assert.deepEqual(entries(new Maglev(named, hash, 7)), [2, 5, 0, 3, 4, 1, 0]);
});

test('the order in which hosts are listed does not matter', () => {
  const ports = [93, 90, 95, 91, 94, 92];
  const table = new Maglev(hosts(ports), hash, 7);
  assert.deepEqual(
    entries(table).map((at) => ports[at]),
    [92, 94, 90, 91, 95, 90, 93],
  );
});

test('hosts of weight 1 and 2', () => {
  const table = new Maglev(hosts([90, 91], [1, 2]), hash, 17);
  assert.deepEqual(entries(table), [1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]);
});

test('the same table for weights that are locality weights: 1 and 1', () => {
  const table = new Maglev(hosts([90, 91], [1, 1]), hash, 17);
  assert.deepEqual(entries(table), [1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1]);
});

test('and 8 and 2', () => {
  const table = new Maglev(hosts([90, 91], [8, 2]), hash, 17);
  assert.deepEqual(entries(table), [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
});

test('at the usual size, weights 1 and 2 have 21,846 and 43,691 entries', () => {
  const owners = entries(new Maglev(hosts([90, 91], [1, 2]), hash));
  assert.deepEqual([0, 1].map((host) => owners.filter((owner) => owner === host).length).toSorted(), [21_846, 43_691]);
});

test('a host that weighs 127 beside 1,023 that share a weight of 1 leaves each of them one entry', () => {
  const ports = Array.from({ length: 1_024 }, (_, at) => at);
  const table = new Maglev(hosts(ports, [127, ...new Array<number>(1_023).fill(1 / 1_023)]), hash);
  const counts = new Array<number>(1_024).fill(0);
  for (const owner of entries(table)) counts[owner]!++;
  assert.deepEqual(counts.slice(1), new Array(1_023).fill(1));
  assert.equal(counts[0], 65_537 - 1_023);
});

test('where one entry is taken its hashes turn to others by their weight, wherever these stand', () => {
  const table = new Maglev(hosts([90, 91, 92, 93], [1, 2, 3, 4]), hash);
  for (const attempt of [1, 2, 3]) {
    const found = [0, 0, 0, 0];
    let all = 0;
    for (let key = 0; key < 20_000; key++) {
      if (table.owner(hash.text(`user-${key}`)) !== 3) continue;
      found[table.owner(hash, attempt)]!++;
      all++;
    }
    for (const [host, count] of found.entries()) assert.ok(Math.abs(count / all - (host + 1) / 10) < 0.02, `${found}`);
  }
});
