import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint } from '../../src/core/endpoint.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { aMesh, type MeshInTest } from '../support/mesh.ts';

const A = 'http://10.0.0.1:3000';
const B = 'http://10.0.0.2:3000';

async function aDependent(registry: FakeRegistry): Promise<MeshInTest> {
  return aMesh({ registry: registry.client() });
}

const news = ({ told }: MeshInTest) => told('dependency').map(({ connected, endpoints }) => [connected, endpoints]);

test('a service that is there holds nobody up', async () => {
  const world = await aDependent(new FakeRegistry().set('orders', [A]));
  assert.equal(await world.mesh.dependsOn('orders'), true);
  assert.deepEqual(world.told('dependency'), [
    {
      at: world.env.clock.epoch(),
      service: 'orders',
      type: 'dependency',
      connected: true,
      endpoints: 1,
      needed: 1,
      required: true,
      problem: '',
    },
  ]);
  await world.mesh.close();
  assert.equal(world.env.clock.pending, 0);
});

test('the start goes on at the moment when enough endpoints are there', async () => {
  const registry = new FakeRegistry();
  const world = await aDependent(registry);
  let ready: boolean | undefined;
  const start = world.mesh.dependsOn('orders', { minEndpoints: 2 }).then((is) => {
    ready = is;
  });
  await world.env.clock.advance(5_000);
  registry.set('orders', [A]);
  await world.env.clock.advance(4_999);
  assert.equal(ready, undefined);
  registry.set('orders', [A, B]);
  await start;
  assert.equal(ready, true);
  assert.deepEqual(news(world), [[true, 2]]);
  assert.equal(world.env.clock.pending, 0);
  await world.mesh.close();
});

test('the error says what is missing, how many there are and were needed, and what the registry says', async () => {
  const idle = endpoint(B, { weight: 0 });
  for (const [registry, options, message, reason] of [
    [
      new FakeRegistry().set('else', [A]),
      {},
      'checkout depends on orders: 0 of 1 endpoints within 10s; fake has never heard of it',
      'no-endpoints',
    ],
    [
      new FakeRegistry().set('orders', []),
      { within: '1m30s' },
      'checkout depends on orders: 0 of 1 endpoints within 1m30s; fake lists none',
      'no-endpoints',
    ],
    [
      new FakeRegistry().set('orders', [A, idle]),
      { minEndpoints: 2, within: '500ms' },
      'checkout depends on orders: 1 of 2 endpoints within 500ms; fake lists 2, of which 1 have weight 0',
      'no-endpoints',
    ],
    [
      new FakeRegistry().pending('orders'),
      { within: '0ms' },
      'checkout depends on orders: 0 of 1 endpoints within 0ms; fake has not answered',
      'unresolved',
    ],
  ] as const) {
    const { mesh, env } = await aDependent(registry);
    const refused = assert.rejects(mesh.dependsOn('orders', options), {
      code: 'UNAVAILABLE',
      reason,
      service: 'orders',
      sent: 'no',
      message: `${message} (UNAVAILABLE: ${reason})`,
    });
    await env.clock.advance(90_000);
    await refused;
    assert.equal(env.clock.pending, 0);
    await mesh.close();
  }
});

test('a registry that goes away while it is waited for is named with its trouble', async () => {
  const unheard = new FakeRegistry().pending('orders');
  const first = await aDependent(unheard);
  const never = assert.rejects(
    first.mesh.dependsOn('orders'),
    /0 of 1 endpoints within 10s; fake has not answered: 10\.0\.0\.9:2181 refused \(UNAVAILABLE: unresolved\)$/,
  );
  unheard.fail(new Error('10.0.0.9:2181 refused'));
  await first.env.clock.advance(10_000);
  await never;

  const registry = new FakeRegistry().set('orders', [A]);
  const second = await aDependent(registry);
  const few = assert.rejects(
    second.mesh.dependsOn('orders', { minEndpoints: 2 }),
    /1 of 2 endpoints within 10s; fake is away \(the registry is away\), and last listed 1 \(UNAVAILABLE/,
  );
  registry.fail();
  await second.env.clock.advance(10_000);
  await few;
});

test('a service that is not required only has its absence told, and its coming', async () => {
  const registry = new FakeRegistry();
  const world = await aDependent(registry);
  const start = world.mesh.dependsOn('orders', { required: false, within: '2s' });
  await world.env.clock.advance(2_000);
  assert.equal(await start, false);
  const [event] = world.told('dependency');
  assert.deepEqual([event!.connected, event!.required, event!.needed], [false, false, 1]);
  assert.match(event!.problem, /^checkout depends on orders: 0 of 1 endpoints within 2s; fake has never heard of it/);
  registry.set('orders', [A]);
  assert.deepEqual(news(world), [
    [false, 0],
    [true, 1],
  ]);
  await world.mesh.close();
});

test('it is told when a service that was there goes and comes back, and nothing in between', async () => {
  const registry = new FakeRegistry().set('orders', [A, B]);
  const world = await aDependent(registry);
  await world.mesh.dependsOn('orders', { minEndpoints: 2 });
  registry.fail(); // its absence takes nobody away
  registry.heal();
  registry.set('orders', [A, endpoint(B, { weight: 0 })]);
  registry.set('orders', [A]);
  registry.set('orders', [A, B]);
  registry.forget('orders');
  const told = world.told('dependency');
  assert.deepEqual(news(world), [
    [true, 2],
    [false, 1],
    [true, 2],
    [false, 0],
  ]);
  assert.match(
    told[1]!.problem,
    /^checkout depends on orders: 1 of 2 endpoints; fake lists 2, of which 1 have weight 0/,
  );
  assert.equal(told[2]!.problem, '');
  await world.mesh.close();
  registry.set('orders', [A, B]);
  assert.equal(world.told('dependency').length, 4);
});

test('asked for again, a service is watched as it was asked for last', async () => {
  const registry = new FakeRegistry().set('orders', [A, B]);
  const world = await aDependent(registry);
  await world.mesh.dependsOn('orders', { minEndpoints: 2 });
  await world.mesh.dependsOn('orders', { minEndpoints: 1 });
  registry.set('orders', [A]);
  assert.deepEqual(news(world), [
    [true, 2],
    [true, 2],
  ]);
  registry.set('orders', []);
  assert.deepEqual(news(world).at(-1), [false, 0]);
  await world.mesh.close();
  assert.equal(registry.open, 0);
});

test('however many others are called, a service that is needed stays watched, and is called as what it was', async () => {
  const registry = new FakeRegistry().set('orders', [A]);
  const world = await aDependent(registry);
  await world.mesh.dependsOn('orders');
  for (let n = 0; n < 1_200; n++) await world.mesh.call(`other-${n}`, () => 1).catch(() => {});
  assert.equal(registry.open, 1_001);
  registry.set('orders', []);
  assert.deepEqual(news(world).at(-1), [false, 0]);
  registry.set('orders', [A]);
  assert.equal(await world.mesh.call('orders', ({ url }) => url), A);
  assert.equal(world.mesh.snapshot().clusters.filter(({ service }) => service === 'orders').length, 1);
  await world.mesh.close();
  assert.equal(registry.open, 0);
});

test('a mesh that is closed while it waits waits no longer', async () => {
  const { mesh, env, told } = await aDependent(new FakeRegistry());
  const start = assert.rejects(mesh.dependsOn('orders'), { code: 'UNAVAILABLE', reason: 'closed' });
  await mesh.close();
  await start;
  await assert.rejects(mesh.dependsOn('orders'), { reason: 'closed' });
  assert.deepEqual(told('dependency'), []);
  assert.equal(env.clock.pending, 0);
});

test('what dependsOn was told is checked at the door', async () => {
  const { mesh } = await aDependent(new FakeRegistry());
  for (const [service, options, message] of [
    ['orders', { min: 1 }, /dependsOn: no such option 'min'; there are required, minEndpoints, within/],
    ['orders', { minEndpoints: 0 }, /dependsOn: minEndpoints must be a whole number of at least 1, got 0/],
    ['orders', { minEndpoints: 1.5 }, /dependsOn: minEndpoints must be .* got 1\.5/],
    ['orders', { within: 10 }, /dependsOn: within must be a duration such as '500ms' or '10s', got 10/],
    ['orders', { within: 'soon' }, /dependsOn: within must be a duration .* got "soon"/],
    ['orders', { required: 'yes' }, /dependsOn: required must be true or false, got "yes"/],
    ['../orders', {}, /a service name must be/],
  ] as const) {
    await assert.rejects(mesh.dependsOn(service, options as object), { code: 'INVALID_ARGUMENT', message });
  }
  await mesh.close();
});
