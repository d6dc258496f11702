import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { closeAfter } from '../../support/close-after.ts';

const LOCAL = { bind: '127.0.0.1', host: '127.0.0.1' } as const;

test('a process is ready when it is listed and has what it depends on, and no more once it leaves', async (t) => {
  const env = testEnv();
  const registry = new FakeRegistry().pending('stock');
  const shop = await createMesh({ service: 'shop', registry, env });
  closeAfter(t, shop, env);
  const server = createServer(shop.handler(() => new Response('sold')));
  const { instance } = await shop.serve(server, { ...LOCAL, health: true });
  const look = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${instance.port}${path}`);
    return [answer.status, await answer.text()];
  };
  const needed = shop.dependsOn('stock');
  assert.deepEqual(await look('/readyz'), [503, 'starting']);
  assert.deepEqual(await look('/livez'), [200, 'live']);
  registry.set('stock', ['http://10.0.0.1:1']);
  await needed;
  assert.deepEqual(await look('/readyz'), [200, 'ready']);
  assert.deepEqual(await look('/healthz?verbose'), [200, 'ready']);
  const head = await fetch(`http://127.0.0.1:${instance.port}/readyz`, { method: 'HEAD' }); // as wget --spider asks
  assert.deepEqual([head.status, head.headers.get('x-envoy-upstream-healthchecked-cluster')], [200, 'shop']);
  const posted = await fetch(`http://127.0.0.1:${instance.port}/readyz`, { method: 'POST' });
  assert.deepEqual([posted.status, await posted.text()], [200, 'sold']);
  assert.deepEqual(await look('/readyz/other'), [200, 'sold']);
  const closed = shop.close({ drainMs: 1_000 });
  assert.deepEqual(await look('/readyz'), [503, 'leaving']);
  assert.deepEqual(await look('/livez'), [200, 'live']);
  await env.clock.advance(1_000);
  await closed;
});

test('who listens is not ready before it is listed', async (t) => {
  const listed = Promise.withResolvers<void>();
  class Slow extends FakeRegistry {
    override async announce(...of: Parameters<FakeRegistry['announce']>): ReturnType<FakeRegistry['announce']> {
      await listed.promise;
      return super.announce(...of);
    }
  }
  const shop = await createMesh({ service: 'shop', registry: new Slow() });
  t.after(() => shop.close({ drainMs: 0 }));
  const server = createServer(shop.handler(() => new Response('sold')));
  const listening = once(server, 'listening');
  const serving = shop.serve(server, { ...LOCAL, health: true });
  await listening;
  const status = async () => (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/readyz`)).status;
  assert.equal(await status(), 503);
  listed.resolve();
  await serving;
  assert.equal(await status(), 200);
});

test('a server that can not be served takes no paths from another that is just beginning', async (t) => {
  const shop = await createMesh({ service: 'shop', registry: new FakeRegistry() });
  t.after(() => shop.close({ drainMs: 0 }));
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const failing = assert.rejects(shop.serve(createServer(), { ...LOCAL, port, health: true }), { code: 'EADDRINUSE' });
  const { instance } = await shop.serve(createServer(shop.handler(() => new Response('sold'))), {
    ...LOCAL,
    health: true,
  });
  await failing;
  const answer = await fetch(`http://127.0.0.1:${instance.port}/readyz`);
  assert.deepEqual([answer.status, await answer.text()], [200, 'ready']);
});

test('unless asked for, the paths are like any other', async (t) => {
  const shop = await createMesh({ service: 'shop', registry: new FakeRegistry() });
  t.after(() => shop.close({ drainMs: 0 }));
  const { instance } = await shop.serve(createServer(shop.handler(() => new Response('sold'))), LOCAL);
  const answer = await fetch(`http://127.0.0.1:${instance.port}/readyz`);
  assert.equal(await answer.text(), 'sold');
});
