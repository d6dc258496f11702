import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import axios from 'axios';
import { meshAxios } from '../../src/axios.ts';
import { createMesh, LiveValue, type MeshOptions } from '../../src/index.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { timePasses } from '../support/time-passes.ts';
import { until } from '../support/until.ts';

async function listening(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** What a server was sent, whole. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

test('over real sockets a mirror that hangs gets whole copies and holds up neither the calls nor the end', async () => {
  const copies: string[] = [];
  const all = Promise.withResolvers<void>();
  const orders = await listening(async (request, response) => void response.end(`got ${await bodyOf(request)}`));
  const shadow = await listening(async (request) => {
    if (copies.push(`${request.method} ${await bodyOf(request)}`) === 8) all.resolve();
  });
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [urlOf(orders)], shadow: [urlOf(shadow)] } },
    policy: {
      services: { orders: { mirror: { to: 'shadow', most: 8 } }, shadow: { deadline: { timeout: '5m' } } }, // none is over before the last call
    },
  });
  for (let call = 0; call < 20; call++) {
    const body = `order ${call}`;
    const answer = await mesh.fetch('http://orders/', { method: 'POST', body });
    assert.equal(await answer.text(), `got ${body}`);
    const other = await mesh.request('http://orders/', { method: 'PUT', body });
    assert.equal(await other.body.text(), `got ${body}`);
  }
  const facts = mesh.snapshot().clusters.find(({ service }) => service === 'orders')!.mirror!;
  assert.deepEqual(facts, { to: 'shadow', made: 8, failed: 0, skipped: 32, underWay: 8 });
  await all.promise;
  await mesh.close();
  assert.deepEqual(
    copies.sort(),
    ['POST', 'PUT'].flatMap((method) => [0, 1, 2, 3].map((call) => `${method} order ${call}`)),
  );
  for (const server of [orders, shadow]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type Comparison = Parameters<NonNullable<MeshOptions['compare']>>[0];

/** A mesh that compares what `orders` and `shadow` answer. */
async function comparing(t: TestContext, orders: Handler, shadow: Handler, env?: TestEnv) {
  const servers = [await listening(orders), await listening(shadow)] as const;
  const compared = new LiveValue<readonly Comparison[]>([]);
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [urlOf(servers[0])], shadow: [urlOf(servers[1])] } },
    policy: {
      services: { orders: { mirror: { to: 'shadow', most: 2 } }, shadow: { deadline: { timeout: '10s' } } },
    },
    ...(env && { env }),
    compare: (comparison) => compared.set([...compared.value, comparison]),
  });
  t.after(async () => {
    const closing = mesh.close({ timeoutMs: 0 });
    await (env ? timePasses(env.clock, closing) : closing);
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return { mesh, compared, underWay: () => mesh.snapshot().clusters.find(({ mirror }) => mirror)!.mirror!.underWay };
}

const text = (body: unknown): string => Buffer.from(body as Uint8Array).toString();

test('request, fetch and axios give their answers to their readers, and both to whoever compares', async (t) => {
  const { mesh, compared } = await comparing(
    t,
    async (request, response) => void response.end(`old ${await bodyOf(request)}`),
    async (request, response) => void response.writeHead(201).end(`new ${await bodyOf(request)}`),
  );
  const http = meshAxios(mesh, axios.create({ baseURL: 'http://orders' }));
  const doors = [
    async (body: string) => (await mesh.request('http://orders/', { method: 'POST', body })).body.text(),
    async (body: string) => (await mesh.fetch('http://orders/', { method: 'POST', body })).text(),
    async (body: string) => (await http.post<string>('/', body)).data,
    async (body: string) => {
      const answer = await mesh.fetch('http://orders/', { method: 'POST', body });
      return Buffer.concat(await Array.fromAsync(answer.body!)).toString(); // part by part
    },
  ];
  for (const [at, door] of doors.entries()) {
    assert.equal(await door(`order ${at}`), `old order ${at}`);
    const { primary, copy } = (await until(compared, ({ length }) => length === at + 1))[at]!;
    assert.deepEqual([primary.status, text(primary.body)], [200, `old order ${at}`]);
    assert.deepEqual([copy.status, text(copy.body)], [201, `new order ${at}`]);
    assert.equal(typeof copy.headers.date, 'string');
  }
});

test('an answer that is too long for comparing comes whole to its reader', async (t) => {
  const long = Buffer.alloc(300_000, 'x');
  const { mesh, compared } = await comparing(
    t,
    (_, response) => void response.end(long),
    (_, response) => void response.end('short'),
  );
  const { body } = await mesh.request('http://orders/');
  assert.deepEqual(await body.bytes(), long);
  const [both] = await until(compared, ({ length }) => length === 1);
  assert.equal(both!.primary.body, undefined);
});

test('a mirror whose answer never ends holds its socket until its time is up, and the call not at all', async (t) => {
  const [closed, written, env] = [new LiveValue(0), [new LiveValue(0), new LiveValue(0)], testEnv()];
  let copies = 0;
  const { mesh, compared, underWay } = await comparing(
    t,
    (_, response) => void response.end('fine'),
    (_, response) => {
      const own = written[copies++]!;
      const trickle = setInterval(() => response.write('.') && own.set(own.value + 1), 5);
      response.on('close', () => {
        clearInterval(trickle);
        closed.set(closed.value + 1);
      });
    },
    env,
  );
  for (let call = 0; call < 2; call++) assert.equal(await (await mesh.fetch('http://orders/')).text(), 'fine');
  assert.equal(underWay(), 2);
  for (const own of written) await until(own, (count) => count > 20); // both have begun to answer, and more has come since
  assert.equal(closed.value, 0);
  await env.clock.advance(10_000);
  await until(closed, (count) => count === 2);
  const pairs = await until(compared, ({ length }) => length === 2);
  assert.deepEqual(
    pairs.map(({ primary, copy }) => [primary.outcome, copy.outcome, copy.status, copy.body]),
    [0, 1].map(() => ['success', 'success', 200, undefined]),
  );
  assert.equal(underWay(), 0);
});

test('a mirror whose answer never ends is let go of also where nobody compares', async () => {
  const [open, env] = [new LiveValue(0), testEnv()];
  const orders = await listening((_, response) => void response.end('fine'));
  const shadow = await listening((_, response) => {
    open.set(open.value + 1);
    const trickle = setInterval(() => response.write('.'), 5);
    response.on('close', () => {
      clearInterval(trickle);
      open.set(open.value - 1);
    });
  });
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [urlOf(orders)], shadow: [urlOf(shadow)] } },
    policy: {
      services: { orders: { mirror: { to: 'shadow', most: 3 } }, shadow: { deadline: { timeout: '300ms' } } },
    },
    env,
  });
  for (let call = 0; call < 10; call++) assert.equal(await (await mesh.fetch('http://orders/')).text(), 'fine');
  await until(open, (count) => count === 3);
  await env.clock.advance(300);
  await until(open, (count) => count === 0);
  await mesh.close();
  for (const server of [orders, shadow]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a call that its caller breaks off half-way leaves the copy whole, and is compared without its own body', async (t) => {
  const { mesh, compared } = await comparing(
    t,
    (_, response) => void response.write('half'),
    (_, response) => void response.end('whole'),
  );
  const leaving = new AbortController();
  const { body } = await mesh.request('http://orders/', { signal: leaving.signal });
  leaving.abort(new Error('enough'));
  await assert.rejects(body.text(), { message: 'enough' });
  const [both] = await until(compared, ({ length }) => length === 1);
  assert.equal(both!.primary.body, undefined);
  assert.deepEqual([both!.copy.outcome, text(both!.copy.body)], ['success', 'whole']);
});
