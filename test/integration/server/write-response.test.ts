import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, constants, createServer as createServer2, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Env } from '../../../src/core/env.ts';
import type { MeshEvent } from '../../../src/core/events.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { Handler } from '../../../src/server/handler.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { closeAfter } from '../../support/close-after.ts';

const SAID = JSON.stringify({ said: 'x'.repeat(1_000) });

/** A service that answers in a coding, on a connection of which it says much. */
async function aStock(t: TestContext, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((_, response) => {
    const own = { 'content-encoding': 'gzip', 'keep-alive': 'timeout=5', connection: 'keep-alive', 'x-mine': 'yes' };
    response.writeHead(200, { ...own, 'content-type': 'application/json', ...headers });
    response.end(gzipSync(SAID));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface ShopOptions {
  readonly isSecond?: boolean;
  readonly env?: Env;
}

async function aShop(
  t: TestContext,
  stock: string,
  handler: (mesh: Mesh) => Handler,
  { isSecond = false, env }: ShopOptions = {},
) {
  const mesh = await createMesh({ service: 'shop', registry: { fixed: { stock: [stock] } }, ...(env && { env }) });
  closeAfter(t, mesh, env);
  const listener = mesh.handler(handler(mesh));
  const server = isSecond ? createServer2(listener) : createServer(listener);
  const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  return { mesh, url: `http://127.0.0.1:${instance.port}` };
}

const FETCHES: Readonly<Record<string, (mesh: Mesh, stock: string) => Promise<Response>>> = {
  'mesh.fetch': (mesh) => mesh.fetch('http://stock/'),
  "Node's own fetch": (_, stock) => fetch(stock),
};

for (const [name, ask] of Object.entries(FETCHES)) {
  test(`an answer of ${name} can be passed on as it is: its body is decoded, and its connection is not ours`, async (t) => {
    const stock = await aStock(t, { 'content-length': String(gzipSync(SAID).length) });
    const { url } = await aShop(t, stock, (mesh) => () => ask(mesh, stock));
    const asking = request(url, { headers: { 'accept-encoding': 'gzip' } }).end();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    assert.equal(await text(answer), SAID);
    const { 'content-encoding': coding, 'content-length': length, 'x-mine': mine } = answer.headers;
    assert.deepEqual([coding, length, mine], [undefined, undefined, 'yes']);
    assert.notEqual(answer.headers['keep-alive'], 'timeout=5, timeout=5');
  });

  test(`an answer of ${name} can be passed on over HTTP/2, where headers of a connection are an error`, async (t) => {
    const stock = await aStock(t, { 'transfer-encoding': 'chunked' });
    const { url } = await aShop(t, stock, (mesh) => () => ask(mesh, stock), { isSecond: true });
    const session = connect(url);
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    assert.deepEqual([headers['x-mine'], headers.connection, headers['keep-alive']], ['yes', undefined, undefined]);
    assert.equal(await text(stream), SAID);
  });
}

test('a coding that a handler gave a body itself stays what it is, and so does the length of what has no body', async (t) => {
  const zipped = gzipSync(SAID);
  const headers = { 'content-encoding': 'gzip', 'content-length': String(zipped.length) };
  const { url } = await aShop(t, 'http://127.0.0.1:1', () => () => new Response(zipped, { headers }));
  assert.equal(await (await fetch(url)).text(), SAID);
  const head = await fetch(url, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), String(zipped.length));
});

test('who says `Connection: close` in a Response is taken at its word, and nothing else of it undoes ours', async (t) => {
  let connection = 'close';
  const env = testEnv(); // others hear that it leaves for as long as the test wants
  const answer = () => () => new Response('x', { headers: { connection } });
  const { url, mesh } = await aShop(t, 'http://127.0.0.1:1', answer, { env });
  assert.equal((await fetch(url)).headers.get('connection'), 'close');
  connection = 'keep-alive';
  assert.equal((await fetch(url)).headers.get('connection'), 'keep-alive');
  const closed = mesh.close({ drainMs: 200 });
  assert.equal((await fetch(url)).headers.get('connection'), 'close', 'we are leaving');
  await env.clock.advance(200);
  await closed;
});

test('an answer that is broken off over HTTP/2 does not look as if it had ended well', async (t) => {
  const begun = Promise.withResolvers<void>();
  const torn = (_: unknown, __: unknown, response: ServerResponse): Promise<void> => {
    response.writeHead(200);
    response.write('begun');
    return begun.promise.then(() => {
      throw new Error('torn');
    });
  };
  const { url } = await aShop(t, 'http://127.0.0.1:1', () => torn, { isSecond: true });
  const session = connect(url);
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  await once(stream, 'response');
  const failed = assert.rejects(text(stream), { code: 'ERR_HTTP2_STREAM_ERROR' });
  begun.resolve();
  await failed;
});

test('the body of an answer to HEAD is let go of, and not read', async (t) => {
  const letGo = Promise.withResolvers<void>();
  const endless = () => new Response(new ReadableStream({ cancel: () => letGo.resolve() }));
  const { url } = await aShop(t, 'http://127.0.0.1:1', () => endless);
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
  await letGo.promise;
});

for (const isSecond of [false, true]) {
  test(`an answer for who has hung up is let go of, and is no fault: over HTTP/${isSecond ? 2 : 1}`, async (t) => {
    const [asked, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { mesh, url } = await aShop(
      t,
      'http://127.0.0.1:1',
      () =>
        async (_, { signal }) => {
          asked.resolve();
          await once(signal, 'abort');
          return new Response(new ReadableStream({ cancel: () => letGo.resolve() }));
        },
      { isSecond },
    );
    const told: MeshEvent[] = [];
    mesh.on((event) => void told.push(event));
    const hangUp = isSecond ? asking2(t, url) : asking(url);
    await asked.promise;
    hangUp();
    await letGo.promise; // it may be the answer of another, and holds a connection
    await new Promise(setImmediate);
    assert.deepEqual(told, []);
  });
}

/** Asks, and gives back the way to hang up. */
function asking(url: string): () => void {
  const client = request(url).on('error', () => {});
  client.end();
  return () => void client.destroy();
}

/** The same over HTTP/2. */
function asking2(t: TestContext, url: string): () => void {
  const session = connect(url);
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  return () => stream.close(constants.NGHTTP2_CANCEL);
}
