import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { answer, FakeRegistry, refused } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

/** Where each of some calls goes. */
async function asked(mesh: Mesh, count: number, key?: string): Promise<string[]> {
  const urls: string[] = [];
  for (let turn = 0; turn < count; turn++) await mesh.call('orders', ({ url }) => urls.push(url), { key });
  return urls;
}

test('another picker is in force with the next call, and everything learnt is still known', async () => {
  const { mesh } = await aMesh({ policy: { services: { orders: { balance: { picker: 'round-robin' } } } } });
  const rounds = await asked(mesh, 6);
  assert.equal(new Set(rounds.slice(0, 3)).size, 3);
  assert.deepEqual(rounds.slice(3), rounds.slice(0, 3));
  mesh.setPolicy({ services: { orders: { balance: { picker: 'ring-hash' } } } });
  assert.equal(new Set(await asked(mesh, 9, 'user-7')).size, 1);
  const { endpoints } = mesh.snapshot().clusters.find(({ service }) => service === 'orders')!;
  assert.equal(
    endpoints.reduce((sum, { calls }) => sum + calls, 0),
    15,
  );
  await mesh.close();
});

test('explain says by whom an endpoint is picked', async () => {
  const { mesh } = await aMesh();
  for (const [picker, sentence] of [
    ['p2c', 'picked by latency and calls in flight'],
    ['least-request', 'picked by calls in flight'],
    ['round-robin', 'picked in turn, whatever its weight'],
    ['weighted-round-robin', 'picked in turn, as often as its weight says'],
    ['random', 'picked by chance, as often as its weight says'],
    ['ring-hash', 'picked for its keys on the ring; by chance and weight for calls without a key'],
    ['maglev', 'picked for its keys in the Maglev table; by chance and weight for calls without a key'],
  ] as const) {
    mesh.setPolicy({ services: { orders: { balance: { picker } } } });
    assert.equal(mesh.explain('orders').split(`: ${sentence}\n`).length - 1, 2, 'two lines and the last');
    assert.ok(mesh.explain('orders').endsWith(`: ${sentence}`));
  }
  await mesh.close();
});

test('calls of one key go to one endpoint, a call that is tried again to another, and the next call is back', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { balance: { picker: 'maglev' } } } });
  const [home] = await asked(mesh, 1, 'user-42');
  const went: string[] = [];
  const outcome = mesh.call(
    'orders',
    ({ url }) => {
      went.push(url);
      if (went.length < 3) throw refused();
      return answer(200);
    },
    { key: 'user-42', idempotent: true },
  );
  await env.clock.advance(5_000);
  await outcome;
  assert.equal(went[0], home);
  assert.equal(new Set(went).size, 3);
  assert.deepEqual(await asked(mesh, 2, 'user-42'), [home, home]);
  await mesh.close();
});

test('a key that is no text is refused', async () => {
  const { mesh } = await aMesh();
  const wrong = { key: 42 } as never;
  await assert.rejects(
    mesh.call('orders', () => 1, wrong),
    { code: 'INVALID_ARGUMENT', message: /^key is of the wrong kind/ },
  );
  await assert.rejects(mesh.request('http://orders/', wrong), { message: /^key is of the wrong kind/ });
  await mesh.close();
});

test('explain says of a newcomer how much of its weight it has', async () => {
  const registry = new FakeRegistry().set('orders', ['http://10.0.0.1:3000', 'http://10.0.0.2:3000']);
  const policy = { defaults: { balance: { warmUp: '1m' } } };
  const { mesh, env } = await aMesh({ registry, policy });
  await asked(mesh, 1);
  registry.set('orders', ['http://10.0.0.1:3000', 'http://10.0.0.2:3000', 'http://10.0.0.3:3000']);
  await asked(mesh, 1);
  await env.clock.advance(30_000);
  await asked(mesh, 1);
  const why = mesh.snapshot().clusters[0]!.endpoints.map((one) => one.why);
  const usual = 'picked by latency and calls in flight';
  assert.deepEqual(why, [usual, usual, `${usual}, for now with 50 % of its weight: it is warming up`]);
  await mesh.close();
});
