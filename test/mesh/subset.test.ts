import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint } from '../../src/core/endpoint.ts';
import { createMesh } from '../../src/index.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, FakeRegistry, testEnv } from '../../src/testing.ts';

const at = (id: string, version: string, weight = 1) =>
  endpoint(`http://${id}:3000`, { id, weight, metadata: { version } });

/** A mesh whose policy for `orders` is this, and for its routes those. */
async function aMesh(policy: PolicySections, routes: Readonly<Record<string, PolicySections>> = {}) {
  const env = testEnv();
  const registry = new FakeRegistry().set('orders', [at('a', 'v1'), at('b', 'v1')]);
  const services = { orders: { ...policy, routes } };
  const mesh = await createMesh({ service: 'checkout', registry: registry.client(), env, policy: { services } });
  const call = (route?: string) =>
    mesh
      .call('orders', () => answer(200), { route })
      .then(
        () => 'answered',
        ({ reason }) => reason,
      );
  const told = () => env.told.flatMap((event) => (event.type === 'subset' ? [event] : []));
  return { env, mesh, registry, call, told };
}

const V2 = { version: 'v2' };

test('that nobody has the labels which calls must find is told once, and once more when somebody has', async () => {
  const { mesh, registry, call, told } = await aMesh({ subset: { labels: V2, fallback: 'any' } });
  for (let turn = 0; turn < 20; turn++) assert.equal(await call(), 'answered');
  const facts = { at: told()[0]!.at, service: 'orders', type: 'subset', labels: 'version=v2', fallback: 'any' };
  assert.deepEqual(told(), [{ ...facts, on: true, having: 0, endpoints: 2 }]);

  registry.set('orders', [at('a', 'v1'), at('b', 'v1'), at('c', 'v2'), at('d', 'v2')]);
  for (let turn = 0; turn < 20; turn++) await call();
  assert.deepEqual(told().slice(1), [{ ...facts, on: false, having: 2, endpoints: 4 }]);

  registry.set('orders', [at('a', 'v1'), at('c', 'v2', 0)]);
  await call();
  assert.deepEqual(told().slice(2), [{ ...facts, on: true, having: 0, endpoints: 1 }], 'who drains does not count');
  await mesh.close();
});

test('it is told where calls fail for it, too; and nothing where there is no endpoint at all, or enough', async () => {
  const { mesh, registry, call, told } = await aMesh({ subset: { labels: V2 } });
  assert.equal(await call(), 'no-endpoints');
  assert.deepEqual(
    told().map(({ on, fallback }) => [on, fallback]),
    [[true, 'none']],
  );
  registry.set('orders', []);
  assert.equal(await call(), 'no-endpoints');
  assert.equal(told().length, 1);
  await mesh.close();

  const fine = await aMesh({ subset: { labels: { version: 'v1' }, fallback: 'any' } });
  await fine.call();
  fine.registry.set('orders', []);
  await fine.call();
  assert.deepEqual(fine.told(), []);
  await fine.mesh.close();
});

test('it is told once for each set of labels, however many routes ask for it, by turns', async () => {
  const routes: Record<string, PolicySections> = {};
  for (let n = 0; n < 40; n++) {
    routes[`r${n}`] = { subset: { labels: { version: `v${2 + n}` }, fallback: 'any' } };
    routes[`s${n}`] = { subset: { labels: { version: `v${2 + n}` }, fallback: 'any' }, zone: { priorities: false } };
  }
  const { mesh, call, told } = await aMesh({}, routes);
  for (let round = 0; round < 3; round++) for (const route of Object.keys(routes)) await call(route);
  assert.equal(told().length, 40);
  await mesh.close();
});

test('routes that differ in when they panic do not tell of panic by turns', async () => {
  const { mesh, env, registry } = await aMesh(
    { outlier: { failures: 1 }, retry: { attempts: 1 }, fleet: { maxEjected: 1 }, balance: { panic: 0.2 } },
    { anxious: { balance: { panic: 0.9 } } },
  );
  registry.set('orders', [at('a', 'v1'), at('b', 'v1'), at('c', 'v1')]);
  await mesh.call('orders', () => answer(503));
  for (let turn = 0; turn < 20; turn++)
    for (const route of [undefined, 'anxious']) await mesh.call('orders', () => answer(200), { route });
  const panics = env.told.flatMap((event) => (event.type === 'panic' ? [event.on] : []));
  assert.deepEqual(panics, [true]);
  await mesh.close();
});
