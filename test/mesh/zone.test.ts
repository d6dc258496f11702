import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint } from '../../src/core/endpoint.ts';
import { createMesh } from '../../src/index.ts';
import { answer, FakeRegistry, testEnv } from '../../src/testing.ts';

const DRAINED = { url: 'http://10.0.0.9:3000', zone: 'b', weight: 0 };
const ORDERS = [
  { url: 'http://10.0.0.1:3000', zone: 'a' },
  { url: 'http://10.0.0.2:3000', zone: 'a' },
  { url: 'http://10.0.0.3:3000', zone: 'b' },
  { url: 'http://10.0.0.4:3000', zone: 'b', metadata: { priority: '1', version: 'v2' } },
  DRAINED,
];

/** A mesh in a zone, or in none. */
async function aMesh(zone?: string, policy = {}) {
  const env = testEnv();
  const registry = { fixed: { orders: ORDERS } };
  const mesh = await createMesh({ service: 'checkout', registry, env, policy, ...(zone !== undefined && { zone }) });
  const called = new Set<string>();
  const call = async (route?: string) => {
    for (let turn = 0; turn < 50; turn++) {
      await mesh.call(
        'orders',
        ({ url }) => {
          called.add(url.slice(7, 15));
          return answer(200);
        },
        { route },
      );
    }
    return [...called].sort();
  };
  return { env, mesh, call };
}

test('a mesh that is told its zone calls there, and explain and snapshot say what each level gets', async () => {
  const { mesh, call } = await aMesh('a');
  assert.deepEqual(await call(), ['10.0.0.1', '10.0.0.2']);
  const text = mesh.explain('orders');
  assert.match(text, /priority 0, first choice: 2 of 2 well, 100 % of the calls/);
  assert.match(text, /priority 0, other zones: 1 of 1 well, 0 % of the calls/);
  assert.match(text, /10\.0\.0\.3:3000 .*not picked: it is in another zone, and those before it are well/);
  assert.match(text, /10\.0\.0\.9:3000 .*weight 0 takes no new calls/);
  const [orders] = mesh.snapshot().clusters;
  assert.deepEqual(
    orders?.levels.map(({ priority, elsewhere, percent }) => [priority, elsewhere, percent]),
    [
      [0, false, 100],
      [0, true, 0],
      [1, true, 0],
    ],
  );
  await mesh.close();
});

test('without a zone only priorities count, and those only if the policy lets them', async () => {
  const { mesh, call } = await aMesh();
  assert.deepEqual(await call(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  mesh.setPolicy({ defaults: { zone: { priorities: false } } });
  assert.deepEqual(await call(), ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
  assert.deepEqual(mesh.snapshot().clusters[0]?.levels, []);
  await mesh.close();
});

test('a route may be for endpoints of some labels, and fails where there are none unless any will do', async () => {
  const routes = (fallback: 'none' | 'any') => ({
    services: {
      orders: {
        routes: {
          beta: { subset: { labels: { version: 'v2' } } },
          gamma: { subset: { labels: { version: 'v3' }, fallback } },
        },
      },
    },
  });
  const { mesh, call } = await aMesh('a', routes('none'));
  assert.deepEqual(await call('beta'), ['10.0.0.4']);
  await assert.rejects(call('gamma'), {
    code: 'UNAVAILABLE',
    message: /orders: none of 4 endpoints has the labels of the subset/,
  });
  assert.match(mesh.explain('orders', 'beta'), /10\.0\.0\.1:3000 .*not picked: its record has not the labels/);
  assert.match(mesh.explain('orders', 'beta'), /subset version=v2: 1 of 4 endpoints/);
  assert.match(mesh.explain('orders', 'gamma'), /subset version=v3: none of 4 endpoints, so calls fail/);
  mesh.setPolicy(routes('any'));
  assert.deepEqual(await call('gamma'), ['10.0.0.1', '10.0.0.2', '10.0.0.4']);
  assert.match(mesh.explain('orders', 'gamma'), /subset version=v3: none of 4 endpoints, so calls go to any/);
  assert.doesNotMatch(mesh.explain('orders'), /subset version/);
  await mesh.close();
});

test('who is told its zone says so when it is listed, unless it says otherwise', async () => {
  const registry = new FakeRegistry();
  const env = testEnv();
  const open = () => createMesh({ service: 'orders', registry: registry.client(), zone: 'a', env });
  const [one, other] = [await open(), await open()];
  const first = await one.announce({ id: 'one', port: 4_000, host: '10.0.0.1' });
  const second = await other.announce({ id: 'two', port: 4_001, host: '10.0.0.1', zone: 'b' });
  assert.deepEqual([first.instance.zone, second.instance.zone], ['a', 'b']);
  const closing = [one.close({ drainMs: 0 }), other.close({ drainMs: 0 })];
  await env.clock.advance(10_000);
  await Promise.all(closing);
  assert.equal(env.clock.pending, 0);
});

test('a zone that is none is refused when the mesh is made', async () => {
  for (const zone of [1, null, 'x'.repeat(254)]) {
    const options = { service: 'checkout', registry: { fixed: {} }, zone: zone as string };
    await assert.rejects(createMesh(options), {
      code: 'INVALID_ARGUMENT',
      message: /zone must be a text of at most 253/,
    });
  }
});

test('where instances of ours are listed says what our zone can not take, and which zone has endpoints to spare', async () => {
  const env = testEnv();
  const orders = Object.entries({ a: 2, b: 2, c: 8 }).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, at) => endpoint(`http://${zone}${at}:3000`, { zone })),
  );
  const registry = new FakeRegistry().set('orders', orders);
  const open = async (id: string, zone: string) => {
    const mesh = await createMesh({ service: 'checkout', registry: registry.client(), zone, env });
    await mesh.announce({ id, port: 4_000, host: '10.0.0.1' });
    return mesh;
  };
  const meshes = await Promise.all(['a', 'a', 'b', 'b'].map((zone, at) => open(`checkout-${at}`, zone)));
  const got: Record<string, number> = { a: 0, b: 0, c: 0 };
  for (const mesh of meshes) {
    await mesh.call('orders', () => answer(200)); // from now on it is known where our like are
  }
  await env.clock.advance(6_000);
  for (const mesh of meshes) {
    for (let turn = 0; turn < 600; turn++) {
      await mesh.call('orders', ({ url }) => {
        got[url[7]!]! += 1 / 24;
        return answer(200);
      });
    }
  }
  for (const [zone, due] of Object.entries({ a: 100 / 6, b: 100 / 6, c: 400 / 6 })) {
    assert.ok(Math.abs(got[zone]! - due) < 2.5, `zone ${zone} got ${got[zone]} %, of the endpoints it has ${due} %`);
  }
  const text = meshes[0]!.explain('orders');
  assert.match(text, /first choice: 2 of 2 well, 33 % of the calls/);
  assert.match(text, /other zones: 10 of 10 well, 67 % of the calls: b 0 %, c 67 %/);
  assert.match(text, /b0:3000 .*its zone has no more endpoints than it has callers/);
  const spill = env.told.findLast((event) => event.type === 'spill');
  assert.deepEqual(spill?.levels.at(-1)?.zones, { a: 0, c: 67 }, 'the last to tell is in zone b');
  const closing = meshes.map((mesh) => mesh.close({ drainMs: 0 }));
  await env.clock.advance(10_000);
  await Promise.all(closing);
});
