import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import type { Compare, Comparison } from '../../src/core/compare.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { answer, FakeRegistry, testEnv } from '../../src/testing.ts';
import { keeper, said } from '../answers/kept.ts';

/** A mesh that copies calls from `orders` to `shadow`, and compares; `to` says how each of the two answers. */
function aStage(to: { readonly orders?: Send<unknown>; readonly shadow?: Send<unknown> }, compare?: Compare) {
  const compared: Comparison[] = [];
  const world = testEnv();
  const env = {
    ...world,
    compare: (comparison: Comparison) => {
      compared.push(comparison);
      return compare?.(comparison);
    },
  };
  const registry = new FakeRegistry().set('orders', ['http://orders:1']).set('shadow', ['http://shadow:1']);
  const shadow = { retry: { attempts: 1 }, deadline: { timeout: '1s' } };
  const policy = { services: { shadow, orders: { retry: { attempts: 1 }, mirror: { to: 'shadow', most: 2 } } } };
  const mesh = new Mesh('checkout', env, registry.client(), new PolicySet(policy), {});
  const call = (options?: CallOptions): Promise<unknown> =>
    mesh.call(
      'orders',
      (attempt) => (to[new URL(attempt.url).hostname as 'orders' | 'shadow'] ?? (() => answer(200)))(attempt),
      options,
    );
  const end = async (): Promise<void> => {
    await mesh.close();
    await world.clock.advance(0);
    assert.equal(world.clock.scheduled, 0);
    assert.equal(world.timeouts.waiting, 0);
  };
  const facts = () => mesh.snapshot().clusters.find(({ service }) => service === 'orders')!.mirror!;
  return { clock: world.clock, mesh, call, compared, end, facts };
}

const later = (stage: () => ReturnType<typeof aStage>, ms: number, value: unknown) => () =>
  new Promise((resolve, reject) => {
    stage().clock.schedule(ms, () => (value instanceof Error ? reject(value) : resolve(value)));
  });

test('the hook is given both answers when both are over, as far as their client has read them', async () => {
  const data = { id: 42, lines: [{ sku: 'a', count: 1 }] };
  const stage: ReturnType<typeof aStage> = aStage({
    orders: later(() => stage, 20, { status: 200, headers: { 'X-Version': '1' }, data }),
    shadow: later(() => stage, 50, { status: 503, headers: new Headers({ 'X-Version': '2' }), data: 'sorry' }),
  });
  const call = stage.call({ route: 'order' });
  await stage.clock.advance(20);
  await call;
  data.lines[0]!.count = 99; // whoever got it may do as it likes
  assert.deepEqual(stage.compared, []);
  await stage.clock.advance(30);
  assert.deepEqual(stage.compared, [
    {
      service: 'orders',
      route: 'order',
      to: 'shadow',
      primary: {
        outcome: 'success',
        why: 'status 200',
        ms: 20,
        status: 200,
        headers: { 'x-version': '1' },
        body: { id: 42, lines: [{ sku: 'a', count: 1 }] },
      },
      copy: {
        outcome: 'failure',
        why: 'status 503',
        ms: 50,
        status: 503,
        headers: { 'x-version': '2' },
        body: 'sorry',
      },
    },
  ]);
  await stage.end();
});

test('an answer that its client throws is compared like one that it gives, and so is what is no answer of HTTP', async () => {
  const response = { status: 404, headers: {}, data: 'no such order' };
  const stage: ReturnType<typeof aStage> = aStage({
    orders: later(() => stage, 1, Object.assign(new Error('404'), { response })),
    shadow: later(() => stage, 2, ['a', 'list']),
  });
  const call = assert.rejects(stage.call(), { message: '404' });
  await stage.clock.advance(2);
  await call;
  const { primary, copy } = stage.compared[0]!;
  assert.deepEqual([primary.status, primary.body], [404, 'no such order']);
  assert.deepEqual([copy.status, copy.headers, copy.body], [0, {}, ['a', 'list']]);
  await stage.end();
});

for (const [what, compare] of [
  [
    'throws',
    () => {
      throw new Error('mine');
    },
  ],
  ['rejects', () => Promise.reject(new Error('mine'))],
  ['never ends', () => new Promise(() => {})],
  [
    'gives what only looks like a promise',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: that is what is tried
      then: () => {
        throw new Error('mine');
      },
    }),
  ],
] as const) {
  test(`a hook that ${what} harms neither the call nor those after it, and holds no place`, async () => {
    const stage = aStage({}, compare);
    for (let turn = 0; turn < 5; turn++) {
      assert.deepEqual(await stage.call(), answer(200));
      await stage.clock.advance(0);
    }
    assert.equal(stage.compared.length, 5);
    assert.deepEqual(stage.facts(), { to: 'shadow', made: 5, failed: 0, skipped: 0, underWay: 0 });
    await stage.end();
  });
}

test('a stream of a client that nobody has read is left to its reader', async () => {
  const stream = new ReadableStream<Uint8Array>({ pull: (control) => control.enqueue(new Uint8Array([1])) });
  const value = { status: 200, headers: {}, body: stream };
  const stage = aStage({ orders: async () => value, shadow: async () => answer(200) });
  assert.equal(await stage.call(), value);
  await stage.clock.advance(0);
  assert.equal(stage.compared[0]!.primary.body, undefined);
  assert.equal(stream.locked, false);
  assert.equal((await stream.getReader().read()).done, false);
  await stage.end();
});

test('a call whose answer is not read in time is compared without bodies, and the place of its copy is free again', async () => {
  const unread = { ...keeper, watch: () => {} };
  const stage = aStage({ orders: async () => said('one'), shadow: async () => said('two') });
  await stage.call({ method: 'GET', path: '/1', request: { headers: {}, keeper: unread } });
  await stage.clock.advance(999);
  assert.deepEqual([stage.compared.length, stage.facts().underWay], [0, 1]);
  await stage.clock.advance(1);
  assert.deepEqual([stage.compared.length, stage.facts().underWay], [1, 0]);
  const { primary, copy } = stage.compared[0]!;
  assert.deepEqual([primary.body, copy.body], [undefined, undefined]);
  assert.equal(copy.outcome, 'success');
  await stage.end();
});

test('a copy whose answer never ends is let go of when its time is up', async () => {
  let asked = 0;
  const gather = () => {
    asked++;
    return new Promise<never>(() => {});
  };
  const endless = { ...keeper, gather };
  const stage = aStage({ orders: async () => said('one'), shadow: async () => said('two') });
  const options = { method: 'GET', path: '/1', request: { headers: {}, keeper: endless } };
  for (let turn = 0; turn < 5; turn++) await stage.call(options);
  await stage.clock.advance(0);
  assert.deepEqual([asked, stage.facts().underWay, stage.facts().skipped], [2, 2, 3]);
  await stage.clock.advance(1_000);
  assert.equal(stage.facts().underWay, 0);
  assert.equal(stage.compared.length, 2);
  await stage.end();
});

test('a mesh that closes calls off what is compared, and waits for none of it', async () => {
  const endless = { ...keeper, gather: () => new Promise<never>(() => {}), watch: () => {} };
  const stage = aStage({ orders: async () => said('one'), shadow: async () => said('two') });
  await stage.call({ method: 'GET', path: '/1', request: { headers: {}, keeper: endless } });
  await stage.clock.advance(0);
  assert.equal(stage.facts().underWay, 1);
  await stage.end();
  assert.equal(stage.compared.length, 1);
});

test('a keeper that is given what it does not know harms nothing', async () => {
  const slip = () => {
    throw new TypeError('not mine');
  };
  const stage = aStage({});
  const request = { headers: {}, keeper: { ...keeper, watch: slip, gather: slip } };
  assert.deepEqual(await stage.call({ method: 'GET', path: '/1', request }), answer(200));
  await stage.clock.advance(0);
  assert.equal(stage.compared.length, 1);
  await stage.end();
});
