import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Send } from '../../src/core/call.ts';
import type { Filter } from '../../src/core/service.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { FakeRegistry, refused, testEnv } from '../../src/testing.ts';
import { aWorld, give } from './world.ts';

const inFlight = (mesh: Mesh): number[] =>
  mesh.snapshot().clusters.flatMap(({ endpoints }) => endpoints.map(({ inFlight }) => inFlight));

test('a send may return what is no promise', async () => {
  for (const value of [undefined, null, 0, 'ok', { a: 1 }]) {
    const world = aWorld();
    assert.equal(await world.call(() => value), value);
    await world.end();
  }
});

test('a send may return anything that can be awaited', async () => {
  const world = aWorld();
  // biome-ignore lint/suspicious/noThenProperty: it is what this is about
  const thenable = { then: (resolve: (value: string) => void) => resolve('ok') } as PromiseLike<string>;
  assert.equal(await world.call((() => thenable) as Send<unknown>), 'ok');
  await world.end();
});

test('a send that throws at once fails like one that rejects, and is tried again like one', async () => {
  const world = aWorld();
  const error = refused();
  const { error: thrown } = await world.outcome(() => {
    throw error;
  });
  assert.equal(thrown, error);
  assert.equal(world.seen.length, 3);
});

test('an attempt says where to, which one it is, and what is known of the endpoint', async () => {
  const world = aWorld();
  await world.outcome(give('ok'));
  const { url, attempt, endpoint } = world.seen[0]!.attempt;
  assert.deepEqual({ url, attempt, address: endpoint.address }, { url: 'http://b:1', attempt: 1, address: 'b:1' });
});

test('a signal that nobody asks for is never made, and one that is asked for twice is one', async () => {
  const world = aWorld();
  await world.outcome(give('ok'));
  const { attempt } = world.seen[0]!;
  assert.equal(attempt.signal, attempt.signal);
  assert.equal(attempt.signal.aborted, false, 'a call that ended well was never called off');
});

/** A mesh with a filter of a user's own somewhere on the way. */
const withFilter = (
  where: 'cluster' | 'endpoint',
  before: string,
  filter: Filter<never, never>,
  endpoints: readonly string[] = ['http://a:1'],
) => {
  const env = testEnv();
  const registry = new FakeRegistry().set('orders', endpoints);
  const mesh = new Mesh('checkout', env, registry.client(), new PolicySet({ defaults: { outlier: { failures: 1 } } }), {
    [where]: (stack: { before(name: string, slot: object): never }) => stack.before(before, { name: 'mine', filter }),
  });
  return { env, mesh };
};

const odd: Readonly<Record<string, Filter<never, never>>> = {
  'throws at once': () => () => {
    throw new Error('mine');
  },
  rejects: () => () => Promise.reject(new Error('mine')),
  'forgets to be async': () => (() => 'mine') as never,
  'answers itself': () => async () => 'mine' as never,
};

for (const [what, filter] of Object.entries(odd)) {
  for (const [where, slot] of [
    ['cluster', 'trace'],
    ['cluster', 'retry'],
    ['endpoint', 'outlier'],
    ['endpoint', 'attempt'],
    ['endpoint', 'propagate'],
  ] as const) {
    test(`a filter of a user's that ${what}, before ${slot}, leaves nothing behind`, async () => {
      const { env, mesh } = withFilter(where, slot, filter);
      const came = await mesh.call('orders', () => 'sent').catch((error: Error) => error.message);
      assert.equal(came, 'mine');
      assert.deepEqual(inFlight(mesh), [0]);
      await env.clock.advance(60_000);
      await mesh.close();
      assert.equal(env.clock.scheduled, 0);
      assert.equal(env.timeouts.waiting, 0);
    });
  }
}

test('a filter of a user’s that keeps the verdict from outlier does not keep an endpoint out for ever', async () => {
  let hide = false;
  const hiding: Filter<never, never> = (next) => (request, context) =>
    hide ? (Promise.resolve('hidden') as never) : next(request, context);
  const { env, mesh } = withFilter('endpoint', 'outlier', hiding, ['http://a:1', 'http://b:1', 'http://c:1']);
  const sick = ({ url }: { url: string }) => (url === 'http://a:1' ? Promise.reject(new Error('no')) : 'ok');
  const isOut = () => mesh.snapshot().clusters[0]?.endpoints.some(({ state }) => state !== 'in') ?? false;
  for (let call = 0; call < 20 && !isOut(); call++) await mesh.call('orders', sick).catch(() => {});
  assert.ok(isOut());
  await env.clock.advance(5_000);
  hide = true;
  assert.equal(await mesh.call('orders', () => 'sent'), 'hidden', 'this one was the probe');
  hide = false;
  const probe = await mesh.call('orders', ({ url }) => url);
  assert.equal(probe, 'http://a:1', 'and the next one is, too');
  assert.ok(env.told.some(({ type }) => type === 'returned'));
  await env.clock.advance(60_000);
  await mesh.close();
});
