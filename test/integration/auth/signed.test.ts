import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect, createServer as createServer2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { digestOf } from '../../../src/auth/digest.ts';
import { SignedRequests } from '../../../src/auth/signed.ts';
import type { MeshEvent } from '../../../src/core/events.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { checkout, until } from './world.ts';

const SECRET = 'a secret of checkout and orders, long enough';

/** `orders`, which says who sent a request and what was in it. */
async function orders(t: TestContext) {
  const mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    identity: { secrets: { checkout: SECRET } },
    policy: { defaults: { identify: { mode: 'enforce', required: true } } },
  });
  const [audit, read] = [[] as string[], [] as string[]];
  const told = Promise.withResolvers<string>();
  mesh.on((event: MeshEvent) => {
    if (event.type !== 'identify') return;
    audit.push(event.problem);
    if (event.problem !== '') told.resolve(event.problem);
  });
  const server = createServer(
    mesh.handler(async (asked, { principal }) => {
      const body = await text(asked);
      read.push(body);
      return Response.json({ name: principal.name, by: principal.by, body });
    }),
  );
  await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, audit, read, told: told.promise };
}

test('a body is signed also where only the policy of its route wants that', async (t) => {
  const { url, audit } = await orders(t);
  const mesh = await checkout(t, url, { secrets: { orders: SECRET } });
  mesh.setPolicy({ services: { orders: { routes: { 'POST /a': { authenticate: { mode: 'signature' } } } } } });
  const answer = await mesh.fetch('http://orders/a?x', { method: 'POST', body: 'one' });
  assert.deepEqual([answer.status, audit], [200, ['']]);
  assert.equal((await mesh.fetch('http://orders/b', { method: 'POST', body: 'one' })).status, 401); // of another route
  const named = { method: 'POST', body: 'one', mesh: { route: 'POST /a' } };
  assert.equal((await mesh.fetch('http://orders/b', named)).status, 200);
});

test('a body is signed also for another service than the one called: where a rule leads, and who gets copies', async (t) => {
  const { url, audit, read } = await orders(t);
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [url], shop: [url], stock: ['http://127.0.0.1:1'] } },
    identity: { secrets: { orders: SECRET } },
    policy: {
      services: {
        orders: { authenticate: { mode: 'signature' } },
        shop: { route: { rules: [{ to: [{ service: 'orders' }] }] } },
        stock: { mirror: { to: 'orders' } },
      },
    },
  });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  assert.equal((await mesh.fetch('http://shop/', { method: 'POST', body: 'led' })).status, 200);
  await assert.rejects(mesh.fetch('http://stock/', { method: 'POST', body: 'copied' }));
  await until(() => audit.length === 2);
  await until(() => read.length === 2 || audit.some((problem) => problem !== ''));
  assert.deepEqual(
    [audit, read],
    [
      ['', ''],
      ['led', 'copied'],
    ],
  );
});

test('requests of a mesh are signed, with their bodies, by each of its clients', async (t) => {
  const { url, audit } = await orders(t);
  const policy = { authenticate: { mode: 'signature' } } as const;
  const mesh = await checkout(t, url, { secrets: { orders: SECRET } }, policy);
  const big = 'é'.repeat(100_000);
  const answers = [
    await (await mesh.fetch('http://orders/a?b=c%20d')).json(),
    await (await mesh.fetch('http://orders/a', { method: 'POST', body: big })).json(),
    await (
      await mesh.request('http://orders/a', { method: 'PUT', body: new TextEncoder().encode('bytes') })
    ).body.json(),
    await mesh.call('orders', async ({ url, headers }) => (await fetch(`${url}/own?x`, { headers })).json(), {
      method: 'GET',
      path: '/own?x',
    }),
  ];
  assert.deepEqual(
    answers,
    ['', big, 'bytes', ''].map((body) => ({ name: 'checkout', by: 'signature', body })),
  );
  assert.deepEqual(audit, ['', '', '', '']);
});

test('a retry is signed anew, so that it is no replay', async (t) => {
  const { url, audit } = await orders(t);
  const policy = { authenticate: { mode: 'signature' }, retry: { attempts: 3, backoff: '1ms' } } as const;
  const mesh = await checkout(t, url, { secrets: { orders: SECRET } }, policy);
  let tries = 0;
  const send = async ({ url, headers }: { url: string; headers: Record<string, string> }) => {
    const answer = await fetch(`${url}/x`, { headers });
    await answer.arrayBuffer();
    return ++tries < 3 ? new Response(null, { status: 503 }) : answer;
  };
  const answer = await mesh.call('orders', send, { method: 'GET', path: '/x' });
  assert.deepEqual([answer.status, tries, audit], [200, 3, ['', '', '']]);
});

test('who reads a body that is not the one that was signed never comes to its end, and it is told', async (t) => {
  const { port, read, told } = await orders(t);
  const env = testEnv({ clock: new VirtualClock(0, Date.now()) });
  const digest = digestOf('pay 10 to Ann');
  const signed = new SignedRequests(env, 'checkout', { orders: SECRET });
  const send = (body: string) =>
    new Promise<number | string>((resolve) => {
      const headers = {
        ...signed.sign({ service: 'orders', method: 'POST', path: '/pay', digest }),
        'content-digest': digest,
      };
      const asked = request(
        { host: '127.0.0.1', port, method: 'POST', path: '/pay', headers, agent: false },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode!);
        },
      );
      asked.on('error', () => resolve('cut off'));
      asked.write(body.slice(0, 5));
      asked.end(body.slice(5));
    });
  assert.equal(await send('pay 10 to Ann'), 200);
  assert.equal(await send('pay 99 to Eve'), 'cut off');
  assert.equal(await told, 'the body is not the one that was signed');
  assert.deepEqual(read, ['pay 10 to Ann']);
});

test('a body over HTTP/2 that is not the one that was signed ends its stream, and not the process of who hears no errors', async (t) => {
  const identity = { secrets: { checkout: SECRET } };
  const policy = { defaults: { identify: { mode: 'enforce', required: true } } } as const;
  const mesh = await createMesh({ service: 'orders', registry: { fixed: {} }, identity, policy });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  const closed: boolean[] = [];
  const untilRead = (asked: IncomingMessage): Promise<Response> =>
    new Promise((resolve) => {
      asked.once('close', () => closed.push(asked.readableEnded));
      asked.on('end', () => resolve(new Response('read'))).resume();
    });
  const handler = mesh.handler((asked: IncomingMessage) =>
    asked.url === '/listens' ? text(asked).then((body) => new Response(body)) : untilRead(asked),
  );
  const server = createServer2(handler);
  await mesh.serve(server as never, { bind: '127.0.0.1', host: '127.0.0.1' });
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => session.destroy());
  const env = testEnv({ clock: new VirtualClock(0, Date.now()) });
  const digest = digestOf('pay 10 to Ann');
  const signed = new SignedRequests(env, 'checkout', { orders: SECRET });
  const send = (path: string, body: string) =>
    new Promise<string>((resolve) => {
      const proof = signed.sign({ service: 'orders', method: 'POST', path, digest });
      const stream = session.request({ ':method': 'POST', ':path': path, ...proof, 'content-digest': digest });
      stream.on('error', ({ message }) => resolve(message));
      text(stream).then(resolve, () => {});
      stream.end(body);
    });
  for (const path of ['/listens', '/hears-nothing']) {
    assert.match(await send(path, 'pay 99 to Eve'), /NGHTTP2_PROTOCOL_ERROR/);
  }
  assert.equal(await send('/hears-nothing', 'pay 10 to Ann'), 'read');
  assert.equal(await send('/listens', 'pay 10 to Ann'), 'pay 10 to Ann');
  assert.deepEqual(closed, [false, true]);
});
