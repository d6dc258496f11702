import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arcShares } from '../../src/math/aperture.ts';

const even = (servers: number): number[] => Array.from({ length: servers }, () => 1);

/** What each server gets when every client sends as much, and how many servers each client calls. */
function offered(clients: number, weights: readonly number[], size: number) {
  const loads = weights.map(() => 0);
  const called: number[] = [];
  for (let index = 0; index < clients; index++) {
    const shares = arcShares(weights, { index, of: clients }, size);
    const whole = shares.reduce((sum, share, at) => sum + share * weights[at]!, 0);
    for (const [at, share] of shares.entries()) loads[at]! += (share * weights[at]!) / whole;
    called.push(shares.filter((share) => share > 0).length);
  }
  return { loads, called };
}

function variation(loads: readonly number[]): number {
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return Math.sqrt(loads.reduce((sum, load) => sum + (load - mean) ** 2, 0) / loads.length) / mean;
}

for (const [clients, servers] of [
  [100, 100],
  [12, 24],
  [50, 100],
  [100, 30],
  [7, 97],
  [300, 50],
  [1_000, 1_000],
  [37, 512],
] as const) {
  test(`${clients} clients load ${servers} servers evenly, with 15 connections each at most`, () => {
    const { loads, called } = offered(clients, even(servers), 15);
    assert.ok(variation(loads) < 1e-9, `variation ${variation(loads)}`);
    const most = Math.max(...called);
    const needed = Math.ceil(servers / clients) + 1; // with fewer, some server would be called by nobody
    assert.ok(most <= Math.max(15, needed), `one client calls ${most}`);
  });
}

test('one client alone calls all', () => {
  assert.deepEqual(arcShares(even(50), { index: 0, of: 1 }, 15), even(50));
});

test('servers get as much as they weigh, and those that weigh nothing nothing', () => {
  const weights = Array.from({ length: 60 }, (_, at) => at % 4);
  const { loads } = offered(40, weights, 15);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, load] of loads.entries()) assert.ok(Math.abs(load - (40 * weights[at]!) / whole) < 1e-9);
});

test('an arc that comes to the end of the ring goes on at its beginning', () => {
  const shares = arcShares(even(8), { index: 3, of: 4 }, 5);
  assert.deepEqual(
    shares.map((share) => Number(share.toFixed(6))),
    [1, 1, 0, 0, 0, 0, 1, 1],
  );
});

test('one client more moves arcs a little: nobody calls altogether others', () => {
  const before = arcShares(even(100), { index: 50, of: 100 }, 15);
  const after = arcShares(even(100), { index: 50, of: 101 }, 15);
  const kept = before.filter((share, at) => share > 0 && after[at]! > 0).length;
  assert.ok(kept >= 13, `${kept} of 14 are kept`);
});
