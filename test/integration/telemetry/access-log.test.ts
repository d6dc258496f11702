import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createMesh, type Mesh, type MeshEvent, type MeshOptions } from '../../../src/index.ts';
import { nobody, serve } from '../../support/http.ts';
import { FakeTarget } from '../../telemetry/log-target.ts';

const FORMAT = '%RESPONSE_CODE% %RESPONSE_FLAGS%\n';

async function logged(t: TestContext, orders: string, policy: object, run: (mesh: Mesh) => Promise<unknown>) {
  const to = new FakeTarget();
  const options: MeshOptions = {
    service: 'checkout',
    registry: { fixed: { orders: [orders] } },
    policy: { defaults: { retry: { attempts: 1 }, ...policy } },
    telemetry: { accessLog: { to, format: FORMAT } },
  };
  const mesh = await createMesh(options);
  t.after(() => mesh.close({ timeoutMs: 0 }));
  await run(mesh).catch(() => {});
  await mesh.close({ timeoutMs: 0 });
  return to.lines;
}

const ask = async (mesh: Mesh) => (await mesh.request('http://orders/')).body.dump();

test('over real sockets: nobody there is UF, a connection that ends is UC, no answer in time is UT', async (t) => {
  const rude = await serve(t, (request) => void request.socket.destroy());
  const slow = await serve(t, () => {});
  const astray = await serve(t, (_, response) => response.writeHead(302, { location: 'http://[' }).end());
  assert.deepEqual(await logged(t, await nobody(), {}, ask), ['503 UF']);
  assert.deepEqual(await logged(t, rude.url, {}, ask), ['503 UC']);
  assert.deepEqual(await logged(t, slow.url, { attempt: { timeout: '50ms' } }, ask), ['504 UT']);
  assert.deepEqual(await logged(t, slow.url, { deadline: { timeout: '50ms' } }, ask), ['504 DT']);
  const follow = async (mesh: Mesh) => (await mesh.fetch('http://orders/')).arrayBuffer();
  assert.deepEqual(
    await logged(t, astray.url, {}, follow),
    ['302 -'],
    'what became of it is not the fault of the call',
  );
});

test('a log that nobody reads holds up no call: what has no room is dropped, counted and told', async (t) => {
  const stuck = createServer((socket) => {
    socket.pause().on('error', () => {});
    t.after(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(stuck, 'listening');
  const to = connect((stuck.address() as AddressInfo).port, '127.0.0.1');
  await once(to, 'connect');
  t.after(() => {
    to.destroy();
    stuck.close();
  });
  to.on('error', () => {});
  const told: MeshEvent[] = [];
  const warned: string[] = [];
  const quiet = () => {};
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: ['http://127.0.0.1:1'] } },
    telemetry: {
      prometheus: true,
      accessLog: { to, format: `${'x'.repeat(1_000)}%RESPONSE_CODE%\n` },
      logger: { debug: quiet, info: quiet, warn: (_, message) => warned.push(message), error: quiet },
    },
  });
  mesh.on((event) => event.type === 'access-log' && told.push(event));
  let calls = 0;
  const dropped = () => told.reduce((sum, event) => sum + (event.type === 'access-log' ? event.dropped : 0), 0);
  while (dropped() === 0) {
    for (let at = 0; at < 500; at++) await mesh.call('orders', () => 1);
    calls += 500;
    await new Promise(setImmediate);
  }
  const kept = to.writableLength;
  assert.ok(kept < 2_000_000, `${kept} bytes wait for a reader`);
  assert.match(mesh.metrics(), new RegExp(`^inmesh_log_dropped_total ${dropped()}$`, 'm'));
  assert.ok(calls > 1_000 && dropped() < calls);
  assert.ok(warned.some((message) => /^checkout: \d+ lines of the access log were dropped$/.test(message)));
  await mesh.close({ timeoutMs: 0 });
});
