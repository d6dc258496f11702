import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type ClientHttp2Session, connect, constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, type TestContext, test } from 'node:test';
import fastify from 'fastify';
import { meshPlugin } from '../../../src/fastify.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { APPLICATIONS } from './applications.ts';
import { aServer, type Build, type Doings } from './world.ts';

// The same applications where HTTP/2 is below, in those frameworks that can: all but Express, and Nest that stands on it.

/** What an application listens to requests with, under a server of HTTP/2. */
const over2 =
  (build: Build): Build =>
  async (mesh, doings) => {
    const server = await build(mesh, doings);
    const [listener] = server.listeners('request') as [RequestListener];
    return createServer(listener as unknown as Parameters<typeof createServer>[0]) as unknown as Server;
  };

/** Fastify makes its server itself. */
const fastify2: Build = async (mesh, doings) => {
  const app = fastify({ http2: true });
  await app.register(meshPlugin, { mesh });
  app.get<{ Params: { id: string } }>('/orders/:id', async (request) => doings.order(request.params.id));
  app.get('/wait', () => doings.wait());
  app.get('/throw', async () => doings.fail());
  await app.ready();
  return app.server as unknown as Server;
};

const BUILDS: Readonly<Record<string, Build>> = {
  'node:http': over2(APPLICATIONS['node:http']!),
  'koa 3': over2(APPLICATIONS['koa 3']!),
  'hono 4': over2(APPLICATIONS['hono 4']!),
  'fastify 5': fastify2,
};

const QUOTA = { requests: [{ name: 'each', rate: '100/m', per: 'all' }] } as const;

async function aSession(t: TestContext, build: Build, policy: object = {}, doing?: (mesh: Mesh) => Partial<Doings>) {
  const listening: Build = async (mesh, doings) => {
    const server = await build(mesh, doings);
    Object.assign(server, { closeAllConnections: () => {} }); // which it has not; its sessions end with the client's
    return server;
  };
  const world = await aServer(t, listening, { policy: { defaults: policy } }, doing);
  const session = connect(`http://127.0.0.1:${(world.server.address() as AddressInfo).port}`);
  t.after(() => session.destroy());
  return { ...world, session };
}

async function ask(session: ClientHttp2Session, path: string, method = 'GET', more: Record<string, string> = {}) {
  const stream = session.request({ ':path': path, ':method': method, ...more });
  const [headers] = (await once(stream, 'response')) as [Record<string, string | undefined>];
  return { status: Number(headers[':status']), headers, body: await text(stream) };
}

for (const [name, build] of Object.entries(BUILDS)) {
  suite(`${name} over HTTP/2`, () => {
    test('a request has its trace, its route and its deadline, and its answer what the mesh says', async (t) => {
      const { session } = await aSession(t, build, { quota: QUOTA });
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const { status, headers, body } = await ask(session, '/orders/7', 'GET', { traceparent, 'grpc-timeout': '5S' });
      const said = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([status, said.traceId, said.hurried], [200, '0af7651916cd43dd8448eb211c80319c', true]);
      assert.equal(said.route, name === 'node:http' ? undefined : 'GET /orders/{id}');
      assert.equal(headers['ratelimit-policy'], '"each";q=100;w=60');
      const head = await ask(session, '/orders/7', 'HEAD');
      assert.deepEqual([head.status, head.body], [200, '']);
    });

    test('a handler that throws and a request that is refused are answered, and the session goes on', async (t) => {
      const { session, mesh } = await aSession(t, build, { quota: QUOTA });
      const failed = await ask(session, '/throw');
      assert.equal(failed.status, 500);
      assert.match(failed.headers.ratelimit ?? '', /^"each";r=\d+;t=\d+$/);
      mesh.setPolicy({ defaults: { shed: { mode: 'enforce', limit: 0 } } });
      const refused = await ask(session, '/orders/7');
      assert.deepEqual([refused.status, refused.headers['finagle-http-nack']], [503, 'true']);
      assert.equal((JSON.parse(refused.body) as { code: string }).code, 'UNAVAILABLE');
      mesh.setPolicy({});
      assert.equal((await ask(session, '/orders/7')).status, 200);
    });

    test('rules by host hold, which HTTP/2 says by another name', async (t) => {
      const { session } = await aSession(t, build, {
        authorize: { mode: 'enforce', rules: [{ action: 'deny', headers: { host: 'admin.example' } }] },
      });
      assert.equal((await ask(session, '/orders/7')).status, 200);
      assert.equal((await ask(session, '/orders/7', 'GET', { ':authority': 'Admin.example' })).status, 403);
    });

    test('the signal aborts when the caller gives the stream up, and not when it has its answer', async (t) => {
      const signals: AbortSignal[] = [];
      const order = (mesh: Mesh) => ({
        order: () => {
          signals.push(mesh.context!.signal);
          return { sold: true };
        },
      });
      const { session, mesh, waiting, calledOff } = await aSession(t, build, { shed: { mode: 'enforce' } }, order);
      assert.equal((await ask(session, '/orders/7')).body, '{"sold":true}');
      const stream = session.request({ ':path': '/wait' }).on('error', () => {});
      await waiting;
      stream.close(constants.NGHTTP2_CANCEL);
      assert.match(String(await calledOff), /CANCELLED: caller/);
      while (mesh.snapshot().shed.serving > 0) await new Promise(setImmediate);
      assert.equal(signals[0]!.aborted, false);
    });
  });
}
