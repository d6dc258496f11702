import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { createMesh, MeshError } from '../../src/index.ts';
import { serve } from '../support/http.ts';
import { aFolder, start } from '../support/processes.ts';

/** Answers, but never what is asked for as `/hang`. */
const oftenAnswering = (request: { url?: string | undefined }, response: ServerResponse): unknown =>
  request.url === '/hang' ? undefined : response.end('answered');

test('a process that closes its meshes has no handle left, and ends by itself', async (t) => {
  const { url } = await serve(t, oftenAnswering);
  const program = start(t, 'closed-mesh', { registry: `local://${await aFolder(t)}`, url, close: true });
  const { left } = await program.said<{ left: string[] }>('left');
  assert.deepEqual(left, []);
  assert.equal(await program.ended, 0);
});

test('a mesh that is only there to call keeps no process alive, also when nobody closes it', async (t) => {
  const { url } = await serve(t, oftenAnswering);
  const program = start(t, 'closed-mesh', { registry: '', url, close: false });
  const { left } = await program.said<{ left: string[] }>('left');
  assert.deepEqual(left, []);
  assert.equal(await program.ended, 0);
});

test('close lets calls under way finish, and refuses those that come later', async (t) => {
  const waiting = Promise.withResolvers<ServerResponse>();
  const { url } = await serve(t, (_request, response) => waiting.resolve(response));
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [url] } } });
  const answer = mesh.request('http://orders/orders/42');
  const response = await waiting.promise;

  const closed = mesh.close();
  await assert.rejects(mesh.request('http://orders/'), { code: 'UNAVAILABLE', reason: 'closed', sent: 'no' });
  await assert.rejects(
    mesh.call('orders', () => 1),
    { code: 'UNAVAILABLE', reason: 'closed', sent: 'no' },
  );
  await assert.rejects(mesh.announce({ port: 1 }), { code: 'UNAVAILABLE', reason: 'closed' });
  response.end('in time');

  assert.equal(await (await answer).body.text(), 'in time');
  await closed;
});

test('close calls off what has not finished in the time it was given, and closes its socket', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const server = await serve(t, () => arrived.resolve());
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [server.url] } } });
  const outcome = mesh.request('http://orders/hang').catch((error: unknown) => error);
  await arrived.promise;

  await mesh.close({ timeoutMs: 10 });

  const error = await outcome;
  assert.ok(MeshError.is(error));
  assert.deepEqual([error.code, error.reason, error.sent], ['UNAVAILABLE', 'closed', 'maybe']);
  await server.disconnected;
});

test('a mesh is closed at the end of its block, and a second close is the same as the first', async (t) => {
  const server = await serve(t, oftenAnswering);
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [server.url] } } });
  await (await mesh.request('http://orders/')).body.text();
  assert.equal(mesh.close(), mesh.close());
  await mesh[Symbol.asyncDispose]();
  await server.disconnected;
});

test('close leaves the registry before it lets calls finish, so that nobody new comes', async (t) => {
  const registry = `local://${await aFolder(t)}`;
  const waiting = Promise.withResolvers<ServerResponse>();
  const { server, url } = await serve(t, (_request, response) => waiting.resolve(response));
  const orders = await createMesh({ service: 'orders', registry });
  const listing = await orders.announce({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const answer = orders.request('http://orders/');
  const response = await waiting.promise;

  const left = new Promise<void>((resolve) => {
    listing.state.watch((state) => state === 'left' && resolve());
  });
  const closed = orders.close();
  await left;
  const other = await createMesh({ service: 'checkout', registry });
  t.after(() => other.close());
  await assert.rejects(
    other.call('orders', () => 1),
    { code: 'UNAVAILABLE', reason: 'no-endpoints' },
  );

  response.end();
  await (await answer).body.dump();
  await closed;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
