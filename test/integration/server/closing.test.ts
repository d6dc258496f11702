import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  connect as connect2,
  createSecureServer as createSecureServer2,
  createServer as createServer2,
  type ServerHttp2Stream,
} from 'node:http2';
import { Agent, createServer as createSecureServer, get } from 'node:https';
import type { Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectSecure } from 'node:tls';
import type { Announcement } from '../../../src/discovery/registry.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { Authority } from '../../support/certificates.ts';
import { AN_HOUR_MS, aShop, connected, drained, GET, LOCAL } from './closing.ts';

// How a server closes: nothing is cut off that was asked, and nothing is waited for that was not.

/** A shop in virtual time with a certificate for `name`, and who has issued that. */
async function aSecureShop(t: TestContext, name: string) {
  const authority = await Authority.open(t);
  const env = testEnv();
  const [shop, ca, pair] = await Promise.all([aShop(t, { env }), authority.pem, authority.issue({ names: [name] })]);
  return { env, shop, ca, pair };
}

test('an answer that was given and is still on its way to a slow reader arrives whole', async (t) => {
  const size = 16_000_000; // more than sockets hold
  const shop = await aShop(t);
  const [given, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<ServerResponse>()];
  const server = createServer(
    shop.handler(({ url }, _, response) => {
      if (url === '/other') return asked.resolve(response);
      if (url === '/idle') return void response.end('kept');
      response.setHeader('content-length', size);
      response.end(Buffer.alloc(size, 'x'));
      given.resolve();
    }),
  );
  server.keepAliveTimeout = AN_HOUR_MS;
  await shop.serve(server, LOCAL);
  const slow = await connected(t, server);
  slow.write(GET);
  await given.promise;
  const idle = await connected(t, server);
  idle.write('GET /idle HTTP/1.1\r\nhost: shop\r\n\r\n');
  await once(idle, 'data'); // it is kept, for whatever may be asked
  const idleClosed = once(idle.resume(), 'close');
  const other = await connected(t, server);
  other.write('GET /other HTTP/1.1\r\nhost: shop\r\n\r\n');
  const second = await asked.promise;
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  await stopping;
  second.end('as well'); // the end of one answer is not the end of others
  assert.match(await text(other), /as well$/);
  const whole = await text(slow);
  assert.equal(whole.length - whole.indexOf('\r\n\r\n') - 4, size);
  await Promise.all([idleClosed, closed]);
  assert.equal(Object.hasOwn(server, 'closeIdleConnections'), false, 'the server is as its owner made it');
});

test('requests that came one behind the other on a connection are all answered, and the last says that it ends', async (t) => {
  for (const before of [true, false]) {
    const env = testEnv();
    const shop = await aShop(t, before ? {} : { env }); // as long as others hear of it is as long as the test wants
    const asked: ServerResponse[] = [];
    const both = Promise.withResolvers<void>();
    const server = createServer(
      shop.handler((_request, _context, response) => {
        if (asked.push(response) === 2) both.resolve();
      }),
    );
    await shop.serve(server, LOCAL);
    const socket = await connected(t, server);
    const stopping = drained(shop);
    const leave = () => shop.close({ drainMs: before ? 0 : 200, timeoutMs: AN_HOUR_MS });
    const early = before ? undefined : leave(); // while others hear of it, or when the server stops
    socket.write(GET + GET);
    await both.promise;
    const closed = early ?? leave();
    if (before) await stopping;
    for (const response of asked.toReversed()) response.end(`answer ${asked.indexOf(response)}`);
    const said = await text(socket);
    assert.match(said, /connection: keep-alive[\s\S]*answer 0[\s\S]*connection: close[\s\S]*answer 1/i);
    if (!before) await env.clock.advance(200);
    await closed;
  }
});

test('a connection on which nothing was ever asked holds nothing up, and a new one has a moment to ask', async (t) => {
  const env = testEnv();
  const shop = await aShop(t, { env });
  const server = createServer(shop.handler(() => new Response('sold')));
  await shop.serve(server, LOCAL);
  const old = await connected(t, server);
  await env.clock.advance(5_000);
  const [asking, silent] = [await connected(t, server), await connected(t, server)];
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 10, timeoutMs: AN_HOUR_MS });
  await env.clock.advance(10);
  await Promise.all([stopping, once(old.resume(), 'close')]);
  asking.write(GET);
  assert.match(await text(asking), /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n[\s\S]*sold/i);
  assert.equal(silent.closed, false);
  await env.clock.advance(500);
  await Promise.all([closed, once(silent.resume(), 'close')]);
});

test('over TLS, too, what was asked is answered and what was not is not waited for', async (t) => {
  const { env, shop, ca, pair } = await aSecureShop(t, 'IP:127.0.0.1');
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createSecureServer(
    pair,
    shop.handler((_request, _context, response) => asked.resolve(response)),
  );
  const { instance } = await shop.serve(server, LOCAL);
  const { port } = instance;
  const shaken = once(server, 'secureConnection');
  const silent = connectSecure({ port, host: '127.0.0.1', ca }).on('error', () => {});
  await shaken;
  const unshaken = await connected(t, server);
  const agent = new Agent({ keepAlive: true, ca });
  t.after(() => {
    agent.destroy();
    silent.destroy();
  });
  const answer = once(get({ agent, port, host: '127.0.0.1' }), 'response') as Promise<[IncomingMessage]>;
  const response = await asked.promise;
  await env.clock.advance(5_000);
  const closed = shop.close({ drainMs: 10, timeoutMs: AN_HOUR_MS });
  await env.clock.advance(10);
  await Promise.all([once(silent.resume(), 'close'), once(unshaken.resume(), 'close')]);
  response.end('late, but whole');
  assert.equal(await text((await answer)[0]), 'late, but whole');
  await closed;
});

test('over TLS a connection that is shaken hands on while its server closes has its moment to ask, and no more', async (t) => {
  const { env, shop, ca, pair } = await aSecureShop(t, 'DNS:shop');
  const server = createSecureServer(
    pair,
    shop.handler(() => new Response('sold')),
  );
  await shop.serve(server, LOCAL);
  const early = await connected(t, server);
  const closed = shop.close({ drainMs: 10, timeoutMs: AN_HOUR_MS });
  await env.clock.advance(10);
  while (server.listening) await new Promise(setImmediate);
  await env.clock.advance(300);
  const shaken = once(server, 'secureConnection');
  const silent = connectSecure({ socket: early, ca, servername: 'shop' }).on('error', () => {});
  await shaken;
  await env.clock.advance(499);
  assert.equal(early.closed, false);
  const ended = once(early, 'close');
  silent.resume();
  await env.clock.advance(1);
  await Promise.all([closed, ended]);
});

test('a stream of HTTP/2 that was asked for long ago is answered whole', async (t) => {
  const { env, shop, ca, pair } = await aSecureShop(t, 'IP:127.0.0.1');
  const asked = Promise.withResolvers<ServerResponse>();
  const listener = shop.handler((_request, _context, response) => asked.resolve(response));
  const server = createSecureServer2({ ...pair, allowHTTP1: true }, listener);
  const { instance } = await shop.serve(server as unknown as Server, LOCAL);
  const session = connect2(`https://127.0.0.1:${instance.port}`, { ca });
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  const response = await asked.promise;
  await env.clock.advance(5_000);
  const away = once(session, 'goaway');
  const closed = shop.close({ drainMs: 10, timeoutMs: AN_HOUR_MS });
  await env.clock.advance(10);
  await away;
  response.end('late, but whole');
  assert.equal(await text(stream), 'late, but whole');
  await closed;
});

test('a session of HTTP/2 that is only begun while its server closes is ended, too', async (t) => {
  const { env, shop, ca, pair } = await aSecureShop(t, 'DNS:shop');
  const server = createSecureServer2(
    pair,
    shop.handler(() => new Response('sold')),
  );
  await shop.serve(server as unknown as Server, LOCAL);
  const early = await connected(t, server as unknown as Server);
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 10, timeoutMs: AN_HOUR_MS });
  await env.clock.advance(10);
  await stopping;
  const secured = connectSecure({ socket: early, ca, ALPNProtocols: ['h2'], servername: 'shop' });
  const session = connect2('https://shop', { createConnection: () => secured });
  session.on('error', () => {});
  await Promise.all([once(session, 'close'), closed]);
});

test('a server of HTTP/2 that answers streams by itself keeps them to itself', async (t) => {
  const shop = await aShop(t);
  const server = createServer2({ settings: { enableConnectProtocol: true } });
  server.on('stream', (stream: ServerHttp2Stream) => {
    setImmediate(() => {
      stream.respond({ ':status': 200 }); // what else answers would have come first
      stream.pipe(stream);
    });
  });
  const { instance } = await shop.serve(server as unknown as Server, LOCAL);
  const session = connect2(`http://127.0.0.1:${instance.port}`);
  t.after(() => session.destroy());
  await once(session, 'remoteSettings');
  const webSocket = session.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', expect: '100-continue' },
    { endStream: false },
  );
  const [headers] = (await once(webSocket, 'response')) as [Record<string, unknown>];
  assert.equal(headers[':status'], 200);
  webSocket.write('hello');
  assert.equal(String((await once(webSocket, 'data'))[0]), 'hello');
  const away = once(session, 'goaway');
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS });
  await away;
  webSocket.end('and bye');
  assert.equal(await text(webSocket), 'and bye');
  await closed;
});

test('a server of HTTP/2 that is given its listener after it is served says that it leaves as any other', async (t) => {
  const env = testEnv();
  const shop = await aShop(t, { env });
  const server = createServer2();
  const { instance } = await shop.serve(server as unknown as Server, LOCAL);
  server.on('request', shop.handler(() => new Response('sold')) as never);
  const session = connect2(`http://127.0.0.1:${instance.port}`);
  t.after(() => session.destroy());
  const closed = shop.close({ drainMs: 200 });
  const [headers] = (await once(session.request({ ':path': '/' }).resume(), 'response')) as [Record<string, unknown>];
  assert.equal(headers['x-envoy-immediate-health-check-fail'], 'true');
  await env.clock.advance(200);
  await closed;
});

test('an error of a server that closes is its owner’s to hear, and keeps nothing from being ended', async (t) => {
  const shop = await aShop(t);
  const server = createServer(shop.handler(() => new Response('sold')));
  await shop.serve(server, LOCAL);
  const heard: unknown[] = [];
  server.on('error', (error) => heard.push(error));
  const problems: string[] = [];
  shop.on((event) => event.type === 'leaving' && problems.push(event.problem));
  const closing = shop.close({ drainMs: 0 });
  await drained(shop);
  const error = new Error('accept EMFILE');
  server.emit('error', error);
  await closing;
  assert.deepEqual(heard, [error]);
  assert.deepEqual(problems, ['', '', '']);
  assert.equal(server.listening, false);
});

test('a server that its owner closes ends nothing else where the registry can not be told', async (t) => {
  const away = new Error('the registry is away');
  const throws = (): never => {
    throw away;
  };
  for (const close of [() => Promise.reject(away), throws]) {
    const registry = new FakeRegistry().client();
    const list = registry.announce.bind(registry);
    registry.announce = async (instance) => {
      const listing = await list(instance);
      return { ...listing, instance, state: listing.state, close } as Announcement;
    };
    const shop = await aShop(t, { registry });
    const server = createServer();
    await shop.serve(server, LOCAL);
    server.close();
    await once(server, 'close');
    await turn(); // what nobody hears of is told at the end of a turn, and fails the test
  }
});
