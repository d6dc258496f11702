import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { testEnv } from '../../../src/testing/env.ts';
import { AN_HOUR_MS, aShop, connected, drained, GET, LOCAL } from './closing.ts';

// Connections of HTTP/1.1 that are kept from one request to the next, when their server closes.

test('a server that its owner is closing already is waited for, and its answers say that the connection ends', async (t) => {
  const shop = await aShop(t);
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createServer(shop.handler((_request, _context, response) => asked.resolve(response)));
  await shop.serve(server, LOCAL);
  const socket = await connected(t, server);
  socket.write(GET);
  const response = await asked.promise;
  server.close(); // as a listener to SIGTERM of its owner's does, beside ours
  let over = false;
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS }).then(() => {
    over = true;
  });
  await stopping;
  assert.equal(over, false);
  response.end('late, but whole');
  assert.match(await text(socket), /connection: close[\s\S]*late, but whole$/i);
  await closed;
});

test('the end of an answer ends its own connection, and looks through no others', async (t) => {
  const shop = await aShop(t);
  const [asked, all] = [[] as ServerResponse[], Promise.withResolvers<void>()];
  const count = 20;
  const server = createServer(
    shop.handler((_request, _context, response) => {
      response.write('begun'); // on a connection that it says is kept
      if (asked.push(response) === count) all.resolve();
    }),
  );
  let looks = 0;
  const { closeIdleConnections } = server;
  server.closeIdleConnections = () => {
    looks++;
    closeIdleConnections.call(server);
  };
  server.keepAliveTimeout = AN_HOUR_MS;
  await shop.serve(server, LOCAL);
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at++) {
    sockets.push(await connected(t, server));
    sockets[at]!.write(GET);
  }
  await all.promise;
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  await stopping;
  for (const response of asked) {
    response.end();
    await once(sockets[asked.indexOf(response)]!.resume(), 'close');
  }
  await closed;
  assert.ok(looks <= 1, `${looks} looks`);
});

test('a connection that was there before its server was served ends as any other', async (t) => {
  const shop = await aShop(t);
  const server = createServer(shop.handler(() => new Response('sold')));
  server.keepAliveTimeout = AN_HOUR_MS;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const [idle, asking] = [await connected(t, server), await connected(t, server)];
  for (const socket of [idle, asking]) {
    socket.write(GET);
    await once(socket, 'data');
  }
  await shop.serve(server, { host: '127.0.0.1' });
  asking.write(GET);
  await once(asking, 'data');
  const ended = Promise.all([once(idle.resume(), 'close'), once(asking.resume(), 'close')]);
  await shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  await ended;
});

test('while a server leaves no handler keeps a connection, whatever it says', async (t) => {
  const env = testEnv(); // it leaves for as long as the test wants
  const shop = await aShop(t, { env });
  const server = createServer(
    shop.handler((_request, _context, response) => {
      response.setHeader('connection', 'keep-alive'); // as proxies do that pass an answer on
      response.end('sold');
    }),
  );
  await shop.serve(server, LOCAL);
  const socket = await connected(t, server);
  const closed = shop.close({ drainMs: 200 });
  socket.write(GET);
  assert.match(await text(socket), /connection: close\r\n[\s\S]*sold/i);
  await env.clock.advance(200);
  await closed;
});

/** Both ends of a connection that a shop keeps, where all get one answer. */
async function aKept(t: TestContext, answer: string) {
  const shop = await aShop(t);
  const server = createServer(shop.handler(() => new Response(answer)));
  server.keepAliveTimeout = AN_HOUR_MS;
  await shop.serve(server, LOCAL);
  const taken = once(server, 'connection') as Promise<[Socket]>;
  const socket = await connected(t, server);
  const [served] = await taken;
  return { shop, socket, served };
}

/** Writes a part of a request, and waits until the server has it. */
async function comesIn(part: string, socket: Socket, served: Socket): Promise<void> {
  const before = served.bytesRead;
  socket.write(part);
  while (served.bytesRead === before) await new Promise(setImmediate);
}

test('what has come in part on a connection that was kept is answered when the rest has come', async (t) => {
  const { shop, socket, served } = await aKept(t, 'sold');
  socket.write(GET);
  await once(socket, 'data');
  await comesIn(GET.slice(0, 20), socket, served);
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  await stopping;
  socket.write(GET.slice(20));
  assert.match(await text(socket), /connection: close\r\n[\s\S]*sold/i);
  await closed;
});

test('a connection whose request was answered before all of it had come ends when it has', async (t) => {
  const { shop, socket, served } = await aKept(t, 'refused');
  socket.write('POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 4\r\n\r\n');
  await once(socket, 'data');
  await comesIn('body', socket, served);
  const ended = once(socket.resume(), 'close');
  await shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  await ended;
});
