import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createMesh, type Mesh } from '../../../src/index.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { closeAfter } from '../../support/close-after.ts';
import { serve } from '../../support/http.ts';

test('a service that is asked decides; it is told who, what and where from, and no secret', async (t) => {
  const told: unknown[] = [];
  const authz = await serve(t, async (request, response) => {
    const asked = (await json(request)) as { path: string };
    told.push(asked);
    response.statusCode = asked.path === '/closed' ? 403 : asked.path === '/broken' ? 500 : 200;
    response.end();
  });
  const mesh = await asksOf(t, authz.url);
  const { url } = await greeting(t, mesh);
  const ask = (path: string) => fetch(url + path, { headers: { authorization: 'Bearer secret', cookie: 'a=secret' } });
  const [open, closed, broken] = [await ask('/open?token=secret'), await ask('/closed'), await ask('/broken')];
  assert.deepEqual([open.status, closed.status, broken.status], [200, 403, 403]);
  assert.deepEqual(await closed.json(), {
    type: 'about:blank',
    title: 'Forbidden',
    status: 403,
    code: 'PERMISSION_DENIED',
  });
  const { address, ...said } = told[0] as Record<string, unknown>;
  assert.match(String(address), /127\.0\.0\.1$/);
  assert.deepEqual(said, {
    principal: { name: '', by: 'nothing', issuer: '', claims: {} },
    method: 'GET',
    path: '/open',
  });
  assert.ok(!JSON.stringify(told).includes('secret'));
});

test('a question about a request is part of its trace, and has no more time and matters no less than it', async (t) => {
  const asked: IncomingHttpHeaders[] = [];
  const authz = await serve(t, (request, response) => {
    asked.push(request.headers);
    response.end();
  });
  const mesh = await asksOf(t, authz.url);
  const { url } = await greeting(t, mesh);
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const headers = {
    traceparent: `00-${trace}-b7ad6b7169203331-01`,
    'x-request-id': 'order-7',
    baggage: 'inmesh.priority=sheddable',
    'grpc-timeout': '150m',
  };
  assert.equal((await fetch(url, { headers })).status, 200);
  const [said] = asked as [IncomingHttpHeaders];
  assert.equal(said.traceparent!.slice(3, 35), trace);
  assert.equal(said['x-request-id'], 'order-7');
  assert.match(String(said.baggage), /inmesh\.priority=sheddable/);
  assert.ok(Number(said['x-envoy-expected-rq-timeout-ms']) <= 150, 'it has 200 ms where the request has more');
});

test('what stands in for an answer is none: a fallback for all services lets nobody in', async (t) => {
  const broken = await serve(t, (_, response) => void response.writeHead(500).end());
  for (const authz of [[broken.url], []]) {
    const env = testEnv();
    const mesh = await createMesh({
      service: 'orders',
      env,
      registry: { fixed: { authz } },
      policy: {
        defaults: { fallback: { mode: 'answer', answer: { status: 200, body: '{}' } } },
        services: {
          orders: { authorize: { mode: 'enforce', check: 'http://authz/check', rules: [{ action: 'custom' }] } },
        },
      },
    });
    closeAfter(t, mesh, env);
    const { url } = await serve(
      t,
      mesh.handler(() => new Response('hello')),
    );
    assert.equal((await fetch(url)).status, 403);
    assert.equal((await mesh.request('http://authz/check')).statusCode, 200); // as it is for all other calls
  }
});

test('where nothing is refused nobody waits for who is asked: what it would have said is told when it is known', async (t) => {
  const ask = { action: 'custom', name: 'ask' } as const;
  for (const authorize of [
    { mode: 'observe', rules: [ask] },
    { mode: 'enforce', rules: [{ ...ask, observe: true }] },
  ] as const) {
    const answered = Promise.withResolvers<void>();
    const authz = await serve(t, async (_, response) => {
      await answered.promise;
      response.writeHead(403).end();
    });
    const env = testEnv();
    const mesh = await createMesh({
      service: 'orders',
      env,
      registry: { fixed: { authz: [authz.url] } },
      policy: { services: { orders: { authorize: { check: 'http://authz/check', ...authorize } } } },
    });
    closeAfter(t, mesh, env);
    const [told, known] = [[] as boolean[], Promise.withResolvers<void>()];
    mesh.on((event) => {
      if (event.type !== 'authorize' || event.rule !== 'ask') return;
      told.push(event.allowed, event.enforced);
      known.resolve();
    });
    let before = -1;
    const { url } = await serve(
      t,
      mesh.handler(() => {
        before = told.length;
        answered.resolve();
        return new Response('hello');
      }),
    );
    assert.equal((await fetch(url)).status, 200);
    assert.equal(before, 0);
    await known.promise;
    assert.deepEqual(told, [false, false]);
    assert.deepEqual(mesh.authorize.counts.ask, { allowed: 0, refused: 0, observed: 1 });
    assert.match(await mesh.authorize.explain({ path: '/' }), /refused: ask asked, and the answer was no/);
  }
});

test('a service that is told to ask itself refuses at once, and asks itself once', async (t) => {
  const env = testEnv(); // it has as long as it takes
  const mesh = await createMesh({
    service: 'authz',
    env,
    registry: new FakeRegistry(),
    policy: {
      defaults: { authorize: { mode: 'enforce', check: 'http://authz/check', rules: [{ action: 'custom' }] } },
    },
  });
  closeAfter(t, mesh, env);
  let came = 0;
  const server = createServer(mesh.handler(() => new Response('yes')));
  server.on('request', () => void came++);
  await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo;
  const begun = performance.now();
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 403);
  assert.deepEqual(came, 2);
  t.diagnostic(`${Math.round(performance.now() - begun)} ms`);
});

/** A mesh whose requests may pass if the service at `url` says so. */
async function asksOf(t: TestContext, url: string, more: PolicySections['authorize'] = {}, env = testEnv()) {
  const mesh = await createMesh({
    service: 'orders',
    env, // in virtual time: who is asked has as long as it takes
    registry: { fixed: { authz: [url] } },
    policy: {
      services: {
        orders: { authorize: { mode: 'enforce', check: 'http://authz/check', rules: [{ action: 'custom' }], ...more } },
      },
    },
  });
  closeAfter(t, mesh, env);
  return mesh;
}

const greeting = (t: TestContext, mesh: Mesh) =>
  serve(
    t,
    mesh.handler(() => new Response('hello')),
  );

/** What a request comes to where `listener` is asked about it. */
async function asked(t: TestContext, listener: RequestListener): Promise<number> {
  const authz = await serve(t, listener);
  const mesh = await asksOf(t, authz.url);
  const { url } = await greeting(t, mesh);
  return (await fetch(url, { signal: AbortSignal.timeout(60_000) })).status;
}

test('who answers and then goes on for ever has answered, and holds no request', async (t) => {
  assert.equal(await asked(t, (_, response) => void response.writeHead(403).write('no, sin')), 403);
  assert.equal(await asked(t, (_, response) => void response.writeHead(200).write('y')), 200);
  assert.equal(await asked(t, (_, response) => void response.writeHead(200).write('y'.repeat(1_000_000))), 200);
});

test('a redirect is no answer, and nobody follows it', async (t) => {
  const other = await serve(t, (_, response) => void response.writeHead(200).end());
  assert.equal(await asked(t, (_, response) => void response.writeHead(307, { location: other.url }).end()), 403);
  assert.equal(other.connections, 0);
});

test('who is asked and says nothing has said no after 200 ms, unless the policy takes silence for a yes', async (t) => {
  for (const [whenAway, status] of [
    ['deny', 403],
    ['allow', 200],
  ] as const) {
    const came = Promise.withResolvers<void>();
    const authz = await serve(t, () => came.resolve());
    const env = testEnv();
    const mesh = await asksOf(t, authz.url, { whenAway }, env);
    const { url } = await greeting(t, mesh);
    const answer = fetch(url);
    await came.promise;
    await env.clock.advance(199);
    assert.deepEqual(mesh.authorize.counts, {});
    await env.clock.advance(1);
    assert.equal(Object.keys(mesh.authorize.counts).length, 1);
    assert.equal((await answer).status, status, whenAway);
  }
});
