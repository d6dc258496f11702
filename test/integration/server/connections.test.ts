import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect as connect2, createSecureServer } from 'node:http2';
import { Agent, get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { RequestContext } from '../../../src/server/request-context.ts';
import { Authority } from '../../support/certificates.ts';
import { aShop, LOCAL } from './closing.ts';

// Connections that are not plain ones of HTTP/1.1: those that become something else, and those that may be either version.

/** A server whose connections may be upgraded to one that gives back what it gets; and those that were. */
function anEcho(mesh: Mesh): { server: Server; upgraded: Set<Socket> } {
  const server = createServer(mesh.handler(() => new Response('sold')));
  const upgraded = new Set<Socket>();
  server.on('upgrade', (_: IncomingMessage, socket: Socket) => {
    upgraded.add(socket);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  return { server, upgraded };
}

async function upgrade(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('GET /echo HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(String(head), /^HTTP\/1\.1 101 /);
  return socket;
}

async function echoed(socket: Socket, said: string): Promise<string> {
  socket.write(said);
  const [heard] = (await once(socket, 'data')) as [Buffer];
  return String(heard);
}

test('a connection that is upgraded passes by untouched, also while we leave, and its owner ends it', async (t) => {
  const shop = await aShop(t);
  const { server, upgraded } = anEcho(shop);
  const { instance } = await shop.serve(server, LOCAL);
  const socket = await upgrade(t, instance.port);
  assert.equal(await echoed(socket, 'hello'), 'hello');
  let farewell = '';
  shop.onClose(async () => {
    farewell = await echoed(socket, 'still here');
    for (const one of upgraded) one.end();
  });
  const ended = once(socket, 'end');
  await shop.close({ drainMs: 0, timeoutMs: 60_000 }); // which is not waited for
  await ended;
  assert.equal(farewell, 'still here');
});

test('an upgraded connection that nobody ends is cut off when the time is up', async (t) => {
  const shop = await aShop(t);
  const { server } = anEcho(shop);
  const { instance } = await shop.serve(server, LOCAL);
  const socket = await upgrade(t, instance.port);
  const closed = once(
    socket.on('error', () => {}),
    'close',
  );
  await shop.close({ drainMs: 0, timeoutMs: 50 });
  await closed;
  assert.equal(server.listening, false);
});

test('of requests that came one behind the other on a connection each is over when that is lost', async (t) => {
  const policy = { services: { shop: { shed: { mode: 'enforce' } } } } as const;
  const shop = await aShop(t, { policy });
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  const count = 12; // more than a socket may have listeners of one kind
  const [served, all] = [[] as RequestContext[], Promise.withResolvers<void>()];
  const server = createServer(
    shop.handler((request, context) => {
      request.resume();
      if (served.push(context) === count) all.resolve();
    }),
  );
  const { instance } = await shop.serve(server, LOCAL);
  const socket = connect(instance.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: shop\r\n\r\n'.repeat(count));
  await all.promise;
  assert.equal(shop.snapshot().shed.serving, count);
  const over = Promise.all(served.map(({ signal }) => once(signal, 'abort')));
  socket.destroy();
  await over;
  await new Promise(setImmediate); // what ends with them has
  assert.equal(shop.snapshot().shed.serving, 0);
  assert.deepEqual(warnings, []);
});

test('one port serves HTTP/2 and HTTP/1.1, as clients agree by ALPN, and closes both when the mesh does', async (t) => {
  const authority = await Authority.open(t);
  const pair = await authority.issue({ names: ['IP:127.0.0.1'] });
  const ca = await authority.pem;
  const shop = await aShop(t);
  const slow = Promise.withResolvers<void>();
  const begun: string[] = [];
  const both = Promise.withResolvers<void>();
  const listener = shop.handler(async ({ httpVersion, url }) => {
    if (url === '/slow') {
      if (begun.push(httpVersion) === 2) both.resolve();
      await slow.promise;
    }
    return Response.json({ httpVersion, trace: shop.context?.trace !== undefined });
  });
  const server = createSecureServer({ ...pair, allowHTTP1: true }, listener);
  const { instance } = await shop.serve(server, LOCAL);
  assert.equal(instance.secure, true);
  const agent = new Agent({ keepAlive: true, ca });
  const session = connect2(`https://127.0.0.1:${instance.port}`, { ca });
  t.after(() => {
    agent.destroy();
    session.destroy();
  });
  const first = async (path: string): Promise<[string, string | undefined]> => {
    const asking = get({ agent, port: instance.port, host: '127.0.0.1', path });
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    return [await text(answer), answer.headers.connection];
  };
  const second = (path: string): Promise<string> => text(session.request({ ':path': path }));
  assert.deepEqual(await first('/'), ['{"httpVersion":"1.1","trace":true}', 'keep-alive']);
  assert.equal(await second('/'), '{"httpVersion":"2.0","trace":true}');

  const answers = Promise.all([first('/slow'), second('/slow')]);
  await both.promise;
  const goaway = once(session, 'goaway');
  const closed = shop.close({ drainMs: 0, timeoutMs: 60_000 }); // which is not waited for
  await goaway;
  slow.resolve();
  assert.deepEqual(await answers, [
    ['{"httpVersion":"1.1","trace":true}', 'close'],
    '{"httpVersion":"2.0","trace":true}',
  ]);
  await closed;
});
