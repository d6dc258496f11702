import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { MeshEvent } from '../../src/core/events.ts';
import { createMesh } from '../../src/mesh/create.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { testEnv } from '../../src/testing/env.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { serve } from '../support/http.ts';
import { timePasses } from '../support/time-passes.ts';

type Health = MeshEvent & { readonly type: 'health' };

const FAST: PolicySections['health'] = { interval: '100ms', timeout: '1m', threshold: { unhealthy: 2, healthy: 2 } };

/** A mesh that calls `orders`, and what it tells of checks. */
async function aMesh(t: TestContext, urls: readonly string[], health: PolicySections['health']) {
  const mesh = await createMesh({
    service: 'shop',
    registry: { fixed: { orders: urls } },
    policy: { defaults: { health: { ...FAST, ...health } } },
  });
  t.after(() => mesh.close());
  const told: Health[] = [];
  const waiting = new Set<() => void>();
  mesh.on((event) => {
    if (event.type === 'health') told.push(event);
    for (const look of waiting) look();
  });
  /** The next that is told of an endpoint, from now on. */
  const next = (url: string, healthy: boolean): Promise<Health> => {
    const from = told.length;
    return new Promise((resolve) => {
      const look = () => {
        const found = told.slice(from).find((event) => url.endsWith(event.endpoint) && event.healthy === healthy);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
    });
  };
  return { mesh, next, told };
}

/** Begins to call: from then on endpoints are checked. */
const begin = (mesh: Mesh): Promise<unknown> => mesh.call('orders', async () => 'called');

const lineOf = (mesh: Mesh, url: string): string =>
  mesh
    .explain('orders')
    .split('\n')
    .find((line) => line.includes(new URL(url).host))!;

test('over http: who answers otherwise than it should gets no calls until it is well again', async (t) => {
  let status = 200;
  const paths = new Set<string>();
  const well = await serve(t, (_, response) => response.end());
  const moody = await serve(t, (request, response) => {
    paths.add(request.url!);
    response.writeHead(status).end('x'.repeat(100_000));
  });
  const { mesh, next, told } = await aMesh(t, [well.url, moody.url], {
    check: 'http',
    path: '/ready?now',
    statuses: [200, 204],
  });
  const both = Promise.all([next(well.url, true), next(moody.url, true)]);
  await begin(mesh);
  await both;
  status = 503;
  assert.equal((await next(moody.url, false)).why, 'status 503');
  assert.match(lineOf(mesh, moody.url), /not picked: its health checks fail, status 503/);
  const urls = await Promise.all(Array.from({ length: 20 }, () => mesh.call('orders', async ({ url }) => url)));
  assert.deepEqual(new Set(urls), new Set([well.url]));
  assert.equal(mesh.snapshot().clusters[0]!.endpoints.find(({ address }) => moody.url.endsWith(address))!.state, 'out');
  status = 204;
  await next(moody.url, true);
  assert.deepEqual([...paths], ['/ready?now']);
  assert.ok(told.every(({ service }) => service === 'orders'));
});

test('over http: an address that has got another service is not ours any more; our own servers say who they are', async (t) => {
  const stock = await createMesh({ service: 'stock', registry: 'local:' });
  const orders = await createMesh({ service: 'orders', registry: 'local:' });
  const urls: string[] = [];
  for (const mesh of [stock, orders]) {
    t.after(() => mesh.close({ drainMs: 0 }));
    const server = createHttp(mesh.handler(() => Response.json({})));
    await mesh.serve(server, { health: true });
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  const { mesh, next } = await aMesh(t, urls, { check: 'http' });
  const [other, own] = [next(urls[0]!, false), next(urls[1]!, true)];
  await begin(mesh);
  assert.equal((await other).why, 'it is stock');
  assert.equal((await own).why, 'well');
});

test('a server that is leaving says so in its answers, and who calls it goes elsewhere before any registry tells', async (t) => {
  const urls: string[] = [];
  const meshes: Mesh[] = [];
  const env = testEnv(); // of the one that leaves: others hear of it for as long as the test wants
  for (let instance = 0; instance < 3; instance++) {
    const registry = new FakeRegistry(); // files take a time that the clock of a test knows nothing of
    const orders = await createMesh({ service: 'orders', registry, ...(instance === 1 && { env }) });
    const server = createHttp(orders.handler(() => new Response('sold')));
    await orders.serve(server);
    meshes.push(orders);
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => timePasses(env.clock, orders.close({ drainMs: 0 })));
  }
  const { mesh } = await aMesh(t, urls, {});
  const left: string[] = [];
  mesh.on((event) => {
    if (event.type === 'ejected' && event.why === 'leaving') left.push(event.endpoint);
  });
  const call = async (): Promise<string> => {
    const { statusCode, endpoint, body } = await mesh.request('http://orders/');
    await body.dump();
    assert.equal(statusCode, 200);
    return endpoint;
  };
  const closing = meshes[1]!.close({ drainMs: 2_000 });
  while (left.length === 0) await call();
  assert.deepEqual(left, [new URL(urls[1]!).host]);
  const after = new Set(await Promise.all(Array.from({ length: 30 }, call)));
  assert.equal(after.has(urls[1]!), false);
  await timePasses(env.clock, closing);
});

test('over tcp: who takes no connections gets no calls', async (t) => {
  const here = createTcp((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  const gone = createTcp().listen(0, '127.0.0.1');
  await Promise.all([once(here, 'listening'), once(gone, 'listening')]);
  t.after(() => here.close());
  const [a, b] = [here, gone].map(urlOf) as [string, string];
  gone.close();
  const { mesh, next } = await aMesh(t, [a, b], { check: 'tcp' });
  const both = Promise.all([next(a, true), next(b, false)]);
  await begin(mesh);
  assert.equal((await both)[1].why, 'ECONNREFUSED');
});

test('a server that takes connections and never answers is found out when the time is up', async (t) => {
  const silent = createTcp((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  for (const check of ['http', 'grpc'] as const) {
    const { mesh, next } = await aMesh(t, [urlOf(silent)], { check, timeout: '50ms' });
    const found = next(urlOf(silent), false);
    await begin(mesh);
    assert.equal((await found).why, 'no answer in time');
    assert.equal(await mesh.call('orders', async () => 'still called'), 'still called', 'panic: there is no other');
    await mesh.close();
  }
});

test('over grpc: grpc.health.v1 is asked about the service named, and believed', async (t) => {
  let [serving, code] = [1, '0'];
  const asked = new Set<string>();
  const url = await grpcServer(t, (stream, body) => {
    asked.add(body.subarray(7).toString());
    if (code !== '0') {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code }, { endStream: true });
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code }));
    stream.end(serving === 0 ? Buffer.alloc(5) : Buffer.from([0, 0, 0, 0, 2, 8, serving]));
  });
  const { mesh, next } = await aMesh(t, [url], { check: 'grpc', path: 'shop.Orders' });
  const first = next(url, true);
  await begin(mesh);
  await first;
  const turns: readonly [serving: number, code: string, why: string][] = [
    [2, '0', 'NOT_SERVING'],
    [0, '0', 'UNKNOWN'],
    [1, '12', 'grpc-status 12'],
    [7, '0', 'serving status 7'],
  ];
  for (const [now, status, why] of turns) {
    const found = next(url, false);
    [serving, code] = [now, status];
    assert.equal((await found).why, why);
    const back = next(url, true);
    [serving, code] = [1, '0'];
    await back;
  }
  assert.deepEqual([...asked], ['shop.Orders']);
});

test('when the mesh closes, checks end with it and leave nothing open', async (t) => {
  const hanging = await serve(t, () => {});
  const { mesh } = await aMesh(t, [hanging.url], { check: 'http' });
  const asked = once(hanging.server, 'request');
  await begin(mesh);
  await asked;
  const gone = hanging.disconnected;
  await mesh.close();
  await gone;
});

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** A server of HTTP/2 without TLS, as gRPC uses it. */
async function grpcServer(t: TestContext, answer: (stream: ServerHttp2Stream, body: Buffer) => void): Promise<string> {
  const server: Http2Server = createHttp2();
  server.on('stream', async (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    assert.equal(headers[':path'], '/grpc.health.v1.Health/Check');
    const parts: Buffer[] = await Array.fromAsync(stream);
    answer(stream, Buffer.concat(parts));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return urlOf(server as unknown as Server);
}
