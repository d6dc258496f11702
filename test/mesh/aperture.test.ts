import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { answer, FakeRegistry, testEnv } from '../../src/testing.ts';

const ORDERS = Array.from({ length: 200 }, (_, at) => `http://10.0.1.${at}:3000`);

/** Instances of `checkout` that call a service of 200 endpoints. */
function aFleet() {
  const env = testEnv();
  const registry = new FakeRegistry().set('orders', ORDERS);
  const open = () => new Mesh('checkout', env, registry.client(), new PolicySet({}), {});
  return {
    env,
    open,
    async join(port: number): Promise<Mesh> {
      const mesh = open();
      await mesh.announce({ port, host: '10.1.0.1' });
      return mesh;
    },
    async leave(...meshes: readonly Mesh[]): Promise<void> {
      const closing = meshes.map((mesh) => mesh.close({ drainMs: 0 }));
      await env.clock.advance(10_000);
      await Promise.all(closing);
    },
  };
}

/** The endpoints that so many calls go to. */
async function called(mesh: Mesh, calls = 200): Promise<Set<string>> {
  const urls = new Set<string>();
  for (let call = 0; call < calls; call++) {
    await mesh.call('orders', ({ url }) => {
      urls.add(url);
      return answer(200);
    });
  }
  return urls;
}

test('instances that are listed call 15 endpoints of a large service at most, and together all of them', async () => {
  const { env, join, leave } = aFleet();
  const meshes: Mesh[] = [];
  for (let at = 0; at < 40; at++) meshes.push(await join(4_000 + at));
  const all = new Set<string>();
  for (const mesh of meshes) {
    await called(mesh, 1);
    await env.clock.advance(200);
  }
  await env.clock.advance(6_000); // the list has settled
  for (const mesh of meshes) {
    const urls = await called(mesh);
    assert.ok(urls.size <= 15, `one calls ${urls.size}`);
    for (const url of urls) all.add(url);
  }
  assert.equal(all.size, ORDERS.length);
  assert.match(meshes[0]!.explain('orders'), /not picked: it is for others of our service \(aperture\)/);
  assert.ok(env.told.some((event) => event.type === 'aperture' && event.of === 200 && event.endpoints <= 15));
  await leave(...meshes);
  assert.equal(env.clock.pending, 0);
});

test('who is not listed calls all, and asks no registry about itself', async () => {
  const { env, open, leave } = aFleet();
  const mesh = open();
  assert.ok((await called(mesh, 2_000)).size > 190);
  await leave(mesh);
  assert.equal(env.told.filter(({ type }) => type === 'aperture').length, 0);
});

test('when one of us goes, nobody moves before the list has stood for five seconds', async () => {
  const { env, join, leave } = aFleet();
  const meshes: Mesh[] = [];
  for (let at = 0; at < 8; at++) meshes.push(await join(4_000 + at));
  const [first, ...others] = meshes as [Mesh, ...Mesh[]];
  await called(first, 1);
  await env.clock.advance(6_000);
  const before = await called(first);
  const closing = others.at(-1)!.close({ drainMs: 0 });
  await env.clock.advance(1_000);
  await closing;
  const meanwhile = await called(first);
  assert.deepEqual(
    [...meanwhile].filter((url) => !before.has(url)),
    [],
  );
  await env.clock.advance(6_000);
  await called(first, 1);
  const after = await called(first);
  assert.ok(after.size > before.size, `a seventh is more than an eighth: ${before.size}, ${after.size}`);
  await leave(...meshes);
});
