import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { standStill } from '../../support/stand-still.ts';

const LOCAL = { bind: '127.0.0.1', host: '127.0.0.1' } as const;

/** An instance of `shop` that lets in so many requests at a time. */
async function anInstance(t: TestContext, registry: FakeRegistry, limit: number, answer: () => Promise<Response>) {
  const policy = { defaults: { shed: { mode: 'enforce', limit } } } as const;
  const mesh = await createMesh({ service: 'shop', registry: registry.client(), policy });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  const { instance } = await mesh.serve(createServer(mesh.handler(answer)), LOCAL);
  return { mesh, url: `http://127.0.0.1:${instance.port}` };
}

async function aCaller(t: TestContext, registry: FakeRegistry): Promise<Mesh> {
  // Where the first answer of an instance is slow, as on a busy machine, one that refuses seems the better for a while.
  const policy = { defaults: { retry: { budget: 1 } } } as const;
  const mesh = await createMesh({ service: 'caller', registry: registry.client(), policy });
  t.after(() => mesh.close());
  return mesh;
}

test('a call that a full instance refuses is answered by another, also when it may not be sent twice in doubt', async (t) => {
  const registry = new FakeRegistry();
  await anInstance(t, registry, 0, async () => new Response('never'));
  await anInstance(t, registry, 100, async () => new Response('sold'));
  const caller = await aCaller(t, registry);
  let attempts = 0;
  caller.on((event) => {
    if (event.type === 'attempt') attempts++;
  });
  for (let call = 0; call < 20; call++) {
    const answer = await caller.request('http://shop/', { method: 'POST', body: 'one' });
    assert.equal(answer.statusCode, 200);
    assert.equal(await answer.body.text(), 'sold');
  }
  assert.ok(attempts > 20, 'the full one was asked, too');
});

test('who knows no nack gets 503 and a time, and room is made by each answer that has left', async (t) => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { url } = await anInstance(t, new FakeRegistry(), 1, async () => {
    begun.resolve();
    await gate.promise;
    return new Response('sold');
  });
  const first = fetch(url);
  await begun.promise;
  const refused = await fetch(url);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal(((await refused.json()) as { detail: string }).detail, 'Too many requests are being served.');
  gate.resolve();
  assert.equal(await text((await first).body!), 'sold');
  const { status } = await fetch(url);
  assert.equal(status, 200);
});

const MANY = 30;

/** Connections that are open, so that what they send at once is there at once. */
async function connections(t: TestContext, port: number): Promise<Socket[]> {
  const sockets = Array.from({ length: MANY }, () => connect(port, '127.0.0.1'));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/** Takes the thread for itself. */
const hold = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

const HOLDS_MS = 8;

test('of requests that come together to a busy thread, all are read and refused before the first is begun', async (t) => {
  let came: string[] = [];
  const policy = (lag: string) => ({ defaults: { shed: { mode: 'enforce', lag } } }) as const;
  const mesh = await createMesh({ service: 'shop', registry: new FakeRegistry().client(), policy: policy('1m') });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  mesh.on(({ type }) => {
    if (type === 'refused') came.push('refused');
  });
  const server = createServer(
    mesh.handler((_request, _context, response) => {
      came.push('begun');
      hold(HOLDS_MS);
      response.end('sold');
    }),
  );
  server.prependListener('request', () => came.push('came'));
  const { instance } = await mesh.serve(server, LOCAL);
  const sockets = await connections(t, instance.port);
  await fetch(`http://127.0.0.1:${instance.port}`); // all connections before it have been taken
  const burst = async (): Promise<string[]> => {
    came = [];
    const answers = sockets.map((socket) => once(socket, 'data'));
    // A machine that is busy with others lets us wait, which looks as if we had time.
    do hold(150);
    while (mesh.snapshot().shed.utilization! < 1);
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nhost: shop\r\n\r\n');
    standStill();
    return (await Promise.all(answers)).map(([data]) => String(data).slice(9, 12));
  };

  const all = await burst();
  assert.deepEqual(new Set(all), new Set(['200']));
  assert.deepEqual(came, [...sockets.map(() => 'came'), ...sockets.map(() => 'begun')]);

  mesh.setPolicy(policy(`${HOLDS_MS - 2}ms`)); // less than one of them takes, as has been seen
  const few = await burst();
  assert.equal(few.filter((status) => status === '200').length, 1);
  assert.deepEqual(came, ['came', ...sockets.slice(1).flatMap(() => ['came', 'refused']), 'begun']);
});
