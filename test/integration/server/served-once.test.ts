import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { Authority, CertificateFiles } from '../../support/certificates.ts';
import { closeAfter } from '../../support/close-after.ts';
import { filesAtRest } from '../../support/file-work.ts';

const LOCAL = { bind: '127.0.0.1', host: '127.0.0.1' } as const;

test('a server that its owner closes while it is being listed does not stay on the list', async (t) => {
  const [registry, asked, mayList] = [new FakeRegistry(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const client = registry.client();
  const announce = client.announce.bind(client);
  client.announce = async (instance) => {
    asked.resolve();
    await mayList.promise;
    return announce(instance);
  };
  const shop = await createMesh({ service: 'shop', registry: client });
  closeAfter(t, shop);
  const server = createServer();
  const serving = assert.rejects(shop.serve(server, LOCAL), {
    reason: 'closed',
    message: /shop: the server was closed before it was listed/,
  });
  await asked.promise;
  await once(server.close(), 'close');
  mayList.resolve();
  await serving;
  assert.deepEqual(await registry.services(), []);
});

test('a server that can not be served is left as it was, and may be served again at once', async (t) => {
  const shop = await createMesh({ service: 'shop', registry: new FakeRegistry() });
  closeAfter(t, shop);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const server = createServer(shop.handler(() => new Response('sold')));
  const heard = () => server.eventNames().map((event) => [event, server.listenerCount(event)]);
  const before = heard();
  for (let time = 0; time < 3; time++) {
    await assert.rejects(shop.serve(server, { ...LOCAL, port }), { code: 'EADDRINUSE' });
    assert.deepEqual(heard(), before);
    await assert.rejects(shop.serve(server, { ...LOCAL, weight: -1 }), /weight must be/);
    assert.deepEqual(heard(), before);
  }
  const { instance } = await shop.serve(server, LOCAL);
  assert.equal(await (await fetch(`http://127.0.0.1:${instance.port}/`)).text(), 'sold');
  server.closeAllConnections();
  await once(server.close(), 'close');
  assert.deepEqual(heard(), before);
  await shop.close();
  await assert.rejects(shop.serve(server, LOCAL), { reason: 'closed' });
  assert.deepEqual(heard(), before);
});

test('a server of TLS that could be served only when tried again has its certificate replaced like any other', async (t) => {
  const authority = await Authority.open(t);
  const [pair, next] = [await authority.issue({ names: [] }), await authority.issue({ names: [] })];
  const files = await CertificateFiles.open(t, pair, await authority.pem);
  const env = testEnv();
  const shop = await createMesh({
    ...{ service: 'shop', registry: new FakeRegistry(), env },
    identity: { certificate: files.paths },
  });
  closeAfter(t, shop, env);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const server = createSecureServer();
  const shown: unknown[] = [];
  const { setSecureContext } = server;
  server.setSecureContext = (details) => {
    shown.push(details.cert);
    setSecureContext.call(server, details);
  };
  await shop
    .serve(server, { ...LOCAL, port: (taken.address() as AddressInfo).port })
    .catch(() => shop.serve(server, LOCAL));
  await files.show(next);
  await env.clock.advance(1_000);
  await filesAtRest();
  assert.equal(shown.at(-1), next.cert);
});

test('a server that is served already is not served again, and goes on as it was', async (t) => {
  const registry = new FakeRegistry();
  const shop = await createMesh({ service: 'shop', registry: registry.client() });
  closeAfter(t, shop);
  const server = createServer(shop.handler(() => new Response('sold')));
  const first = shop.serve(server, LOCAL);
  await assert.rejects(shop.serve(server, LOCAL), /serve: the server is served already; close it first/);
  const { instance, state } = await first;
  const { port } = instance;
  const why = `serve: the server is served already, on port ${port}; close it first, or change what is told of it by the update of its announcement`;
  await assert.rejects(shop.serve(server, { ...LOCAL, id: 'other' }), {
    reason: 'request',
    message: `${why} (INVALID_ARGUMENT: request)`,
  });
  await assert.rejects(shop.announce({ host: '127.0.0.1', port }), {
    reason: 'request',
    message: new RegExp(`announce: shop is listed at 127.0.0.1:${port} already, as '${instance.id}'; close that`),
  });
  const caller = await createMesh({ service: 'caller', registry: registry.client() });
  t.after(() => caller.close());
  assert.equal(await (await caller.fetch('http://shop/')).text(), 'sold');
  assert.equal(caller.snapshot().clusters[0]!.endpoints.length, 1);
  assert.equal(state.value, 'listed');
  const left = new Promise<void>((resolve) => void state.watch((value) => value === 'left' && resolve()));
  await caller.close();
  server.closeAllConnections();
  await once(server.close(), 'close');
  await left;
  const again = await shop.serve(server, { ...LOCAL, port });
  assert.deepEqual([again.instance.port, again.state.value], [port, 'listed']);
});
