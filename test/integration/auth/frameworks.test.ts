import assert from 'node:assert/strict';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, createServer as createHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, type TestContext, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { digestOf } from '../../../src/auth/digest.ts';
import { SignedRequests } from '../../../src/auth/signed.ts';
import { entropy } from '../../../src/core/random.ts';
import { meshPlugin } from '../../../src/fastify.ts';
import { meshHono } from '../../../src/hono.ts';
import { meshKoa } from '../../../src/koa.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const SECRET = 'a secret of checkout and orders, long enough';

/** What a handler saw of a request, in every form in which it may look at headers. */
const seen = (mesh: Mesh, request: IncomingMessage, body: string, more: readonly string[] = []) => ({
  name: mesh.context?.principal.name,
  body,
  headers: [
    ...Object.keys(request.headers),
    ...Object.keys(request.headersDistinct ?? {}),
    ...request.rawHeaders,
    ...more,
  ],
});

type Build = (mesh: Mesh) => Promise<RequestListener> | RequestListener;

const withExpress =
  (framework: typeof express): Build =>
  (mesh) =>
    framework()
      .set('env', 'test') // or it tells errors to stderr
      .use(mesh.middleware())
      .use(framework.text({ type: () => true }))
      .all(/.*/, (request, response) => void response.json(seen(mesh, request, String(request.body ?? ''))));

const FRAMEWORKS: Readonly<Record<string, Build>> = {
  'node:http': (mesh) => mesh.handler(async (request) => Response.json(seen(mesh, request, await text(request)))),
  'express 5': withExpress(express),
  'express 4': withExpress(express4),
  'fastify 5': async (mesh) => {
    const app = fastify();
    await app.register(meshPlugin, { mesh });
    app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body));
    app.all('/*', async (request) => seen(mesh, request.raw, String(request.body ?? ''), Object.keys(request.headers)));
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  'koa 3': (mesh) => {
    const app = new Koa();
    app.silent = true;
    app.use(meshKoa(mesh)).use(async (context) => {
      context.body = seen(mesh, context.req, await text(context.req), Object.keys(context.headers));
    });
    return app.callback();
  },
  'hono 4': (mesh) => {
    const app = new Hono<{ Bindings: { incoming: IncomingMessage } }>();
    app.use(meshHono(mesh) as never);
    app.all('*', async (context) => {
      const names = [...context.req.raw.headers.keys(), ...Object.keys(context.req.header())];
      return context.json(seen(mesh, context.env.incoming, await context.req.text(), names));
    });
    app.onError((_, context) => context.text('it went wrong', 500));
    return getRequestListener(app.fetch as never) as RequestListener;
  },
};

/** `orders`, which believes what `checkout` has signed, and that `gateway` may forward. */
async function world(t: TestContext, build: Build, make: (listener: RequestListener) => Server = createServer) {
  const mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    identity: { secrets: { checkout: SECRET, gateway: SECRET } },
    policy: { defaults: { identify: { mode: 'enforce', forwarders: ['gateway'] } } },
  });
  const server = make(await build(mesh));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.close();
    server.closeAllConnections?.();
    await mesh.close({ timeoutMs: 0 });
  });
  return (server.address() as AddressInfo).port;
}

/** The headers with which somebody signs a request that has this body. */
function signedBy(name: string, body: string): Record<string, string> {
  const env = testEnv({ clock: new VirtualClock(0, Date.now()), random: entropy() }); // no two sign alike
  const digest = body === '' ? undefined : digestOf(body);
  const path = `/x/${name}`;
  const signed = new SignedRequests(env, name, { orders: SECRET });
  const headers = signed.sign({ service: 'orders', method: 'POST', path, digest });
  return { ...headers, ...(digest !== undefined && { 'content-digest': digest }), ':path': path };
}

interface Answer {
  readonly status: number;
  readonly name?: string;
  readonly body?: string;
  readonly headers?: readonly string[];
}

const send = (port: number, { ':path': path, ...headers }: Record<string, string>, body: string): Promise<Answer> =>
  new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      headers: { 'content-type': 'text/plain', ...headers },
      agent: false,
    } as const;
    const asked = httpRequest(options, async (answer) => {
      const said = await text(answer).catch(() => '');
      resolve({ status: answer.statusCode!, ...(said.startsWith('{') && JSON.parse(said)) });
    });
    asked.on('error', () => resolve({ status: 0 }));
    asked.end(body);
  });

const FORWARDED = { 'X-Forwarded-Client-Cert': 'DNS=admin.prod.example', 'Client-Cert-Chain': ':AAAA:' };
const forwardedIn = ({ headers = [] }: Answer): string[] => headers.filter((name) => /client-cert/i.test(name));

for (const [name, build] of Object.entries(FRAMEWORKS)) {
  suite(name, () => {
    test('who has signed a request with a body is known, and the body comes whole', async (t) => {
      const answer = await send(await world(t, build), signedBy('checkout', 'one two'), 'one two');
      assert.deepEqual([answer.status, answer.name, answer.body], [200, 'checkout', 'one two']);
    });

    test('a body that is not the one that was signed is never read to its end', async (t) => {
      const { status, body } = await send(await world(t, build), signedBy('checkout', 'one two'), 'one six');
      assert.notEqual(status, 200);
      assert.equal(body, undefined);
    });

    test('a bad signature is answered with 401', async (t) => {
      const headers = { ...signedBy('checkout', ''), signature: 'inmesh=:AAAA:' };
      assert.equal((await send(await world(t, build), headers, '')).status, 401);
    });

    test('headers about certificates are seen in no form, unless a forwarder says them', async (t) => {
      const port = await world(t, build);
      for (const headers of [signedBy('checkout', ''), { ':path': '/' }]) {
        const answer = await send(port, { ...headers, ...FORWARDED }, '');
        assert.equal(answer.status, 200);
        assert.ok(answer.headers!.includes('host'));
        assert.deepEqual(forwardedIn(answer), []);
      }
      const answer = await send(port, { ...signedBy('gateway', ''), ...FORWARDED }, '');
      assert.equal(answer.name, 'admin.prod.example');
      assert.ok(forwardedIn(answer).length > 0);
    });
  });
}

test('over HTTP/2 it is the same', async (t) => {
  const port = await world(t, FRAMEWORKS['node:http']!, createHttp2 as never);
  const session = connect(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const ask = async (headers: Record<string, string>, body: string) => {
    const stream = session.request({ ':method': 'POST', ...headers }, { endStream: body === '' });
    if (body !== '') stream.end(body);
    let status = 0;
    stream.on('response', (answer) => {
      status = answer[':status']!;
    });
    const said = await text(stream).catch(() => '');
    return { status, ...(said.startsWith('{') && JSON.parse(said)) } as Answer;
  };
  const good = await ask({ ...signedBy('checkout', 'one'), 'x-forwarded-client-cert': 'DNS=a' }, 'one');
  assert.deepEqual([good.name, good.body, forwardedIn(good)], ['checkout', 'one', []]);
  const empty = await ask(signedBy('checkout', ''), '');
  assert.deepEqual([empty.status, empty.name, empty.body], [200, 'checkout', '']);
  assert.equal((await ask(signedBy('checkout', 'one'), 'two')).body, undefined);
});

test('over HTTP/2 a body of no length is none also where the stream ends behind the headers, as curl ends it', async (t) => {
  const bodies: string[] = [];
  const read: Build = (mesh) =>
    mesh.handler(async (request) => {
      bodies.push(await text(request));
      return Response.json({ name: mesh.context?.principal.name });
    });
  const session = connect(`http://127.0.0.1:${await world(t, read, createHttp2 as never)}`);
  t.after(() => session.destroy());
  session.on('error', () => {}); // a body that is longer than it says is malformed (RFC 9113, 8.1.1)
  const ask = async (body: string): Promise<unknown> => {
    const headers = { ':method': 'POST', 'content-length': '0', ...signedBy('checkout', '') };
    const stream = session.request(headers, { endStream: false }).on('error', () => {});
    await new Promise((resolve) => stream.write('', resolve)); // so that the headers are on their way
    stream.end(body);
    const said = await text(stream).catch(() => '');
    return said === '' ? said : JSON.parse(said).name;
  };
  assert.equal(await ask(''), 'checkout');
  assert.equal(await ask('pay 99 to Eve'), '');
  assert.equal(bodies.join(''), '');
});
