import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';

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
  const mesh = await createMesh({ service: 'caller', registry: registry.client() });
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
