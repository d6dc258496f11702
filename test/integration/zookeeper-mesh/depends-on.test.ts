import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createMesh, type Mesh, MeshError, type MeshEvent } from '../../../src/index.ts';
import { heard } from '../../support/heard.ts';
import { serve } from '../../support/http.ts';
import { start } from '../../support/processes.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.ts';
import { eventually } from '../zookeeper/helpers.ts';

const urlOf = (server: { readonly address: string }): string => `zookeeper://${server.address}?sessionTimeout=2s`;

async function meshOf(t: TestContext, service: string, server: { readonly address: string }): Promise<Mesh> {
  const mesh = await createMesh({ service, registry: urlOf(server) });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  return mesh;
}

/** Lists an instance of `orders` that answers. */
async function anOrders(t: TestContext, server: ZooKeeperServer): Promise<Mesh> {
  const { url } = await serve(t, (_request, response) => response.end('ok'));
  const mesh = await meshOf(t, 'orders', server);
  await mesh.announce({ host: '127.0.0.1', port: Number(new URL(url).port) });
  return mesh;
}

const dependency = (mesh: Mesh, connected: boolean): Promise<MeshEvent> =>
  heard(mesh, (event) => event.type === 'dependency' && event.connected === connected);

test('a start waits until what it depends on is listed, also when ZooKeeper itself comes later', async (t) => {
  await using server = await startZooKeeper();
  await server.kill();
  const mesh = await meshOf(t, 'checkout', server);
  let ready = 0;
  const start = mesh.dependsOn('orders', { minEndpoints: 2, within: '60s' }).then(() => ready++);
  await server.start();
  const first = await anOrders(t, server);
  assert.equal(ready, 0);
  await anOrders(t, server);
  await start;
  const gone = dependency(mesh, false);
  await first.close({ drainMs: 50 });
  const event = await gone;
  assert.ok(event.type === 'dependency');
  assert.deepEqual([event.service, event.endpoints, event.needed], ['orders', 1, 2]);
  const back = dependency(mesh, true);
  await anOrders(t, server);
  await back;
});

test('what is missing is said in one sentence: who is not there, or who can not be asked', async (t) => {
  await using server = await startZooKeeper();
  const mesh = await meshOf(t, 'checkout', server);
  const nobody = { reason: 'no-endpoints' };
  await assert.rejects(
    mesh.call('orders', () => 1),
    nobody,
  ); // so that it has been asked about
  await assert.rejects(mesh.dependsOn('orders', { within: '500ms' }), {
    code: 'UNAVAILABLE',
    reason: 'no-endpoints',
    message: `checkout depends on orders: 0 of 1 endpoints within 500ms; zookeeper://${server.address} has never heard of it (UNAVAILABLE: no-endpoints)`,
  });

  const [port] = await freePorts(1);
  const lost = await meshOf(t, 'checkout', { address: `127.0.0.1:${port}` });
  await eventually(
    () => lost.snapshot().session!.problem,
    (problem) => problem.includes('ECONNREFUSED'),
  );
  const error = await lost.dependsOn('orders', { within: '500ms' }).catch((thrown: unknown) => thrown);
  assert.ok(MeshError.is(error));
  assert.equal(error.reason, 'unresolved');
  assert.match(error.message, /^checkout depends on orders: 0 of 1 endpoints within 500ms; .* has not answered/);
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`));
});

for (const gate of [true, false]) {
  test(`a script that only ${gate ? 'waits for what it depends on' : 'calls'} lives until it is answered`, async (t) => {
    await using server = await startZooKeeper();
    await anOrders(t, server);
    const program = start(t, 'first-call', { registry: urlOf(server), gate });
    assert.equal(await program.ended, 42);
  });
}
