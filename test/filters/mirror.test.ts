import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicyDocument, PolicySections } from '../../src/policy/table.ts';
import { answer, FakeRegistry, seeded, testEnv } from '../../src/testing.ts';

const MIRRORED = { mirror: { to: 'shadow' } };

/** A mesh that calls `orders`, and may copy calls to `shadow`; `to` says how each of the two answers. */
function aStage(
  to: { readonly orders?: Send<unknown>; readonly shadow?: Send<unknown> },
  orders: PolicySections = MIRRORED,
  more: PolicyDocument['services'] = {},
) {
  const env = testEnv({ random: seeded(3) });
  const registry = new FakeRegistry().set('orders', ['http://orders:1']).set('shadow', ['http://shadow:1']);
  const policy = { services: { ...more, orders } };
  const mesh = new Mesh('checkout', env, registry.client(), new PolicySet(policy), {});
  const seen: Record<string, { at: number; headers: Record<string, string> }[]> = { orders: [], shadow: [] };
  const call = (options?: CallOptions): Promise<unknown> =>
    mesh.call(
      'orders',
      (attempt) => {
        const host = new URL(attempt.url).hostname as 'orders' | 'shadow';
        seen[host]!.push({ at: env.clock.now(), headers: attempt.headers });
        return (to[host] ?? (() => answer(200)))(attempt);
      },
      options,
    );
  const end = async (): Promise<void> => {
    await mesh.close();
    await env.clock.advance(0);
    assert.equal(env.clock.scheduled, 0);
    assert.equal(env.timeouts.waiting, 0);
    assert.equal(registry.open, 0);
  };
  const told = () => env.told.filter((event) => event.type === 'mirror');
  const facts = () => mesh.snapshot().clusters.find(({ service }) => service === 'orders')!.mirror;
  return { env, mesh, seen, call, end, told, facts };
}

const never = () => new Promise<never>(() => {});

test('a call is copied, and its caller gets what it would have got without', async () => {
  const stage = aStage({ orders: () => answer(201), shadow: () => answer(500) });
  assert.deepEqual(await stage.call({ headers: { 'x-mine': '1' } }), answer(201));
  await stage.env.clock.advance(0);
  assert.equal(stage.seen.shadow!.length, 1);
  const { headers } = stage.seen.shadow![0]!;
  assert.deepEqual([headers['x-mine'], headers['x-inmesh-mirror']], ['1', 'orders']);
  assert.equal(stage.seen.orders![0]!.headers['x-inmesh-mirror'], undefined);
  assert.match(stage.mesh.explain('orders'), /mirror to shadow: 1 copies made, 1 failed, 0 not made/);
  await stage.end();
});

test('both outcomes are told when both are over', async () => {
  const later = (ms: number, status: number) => () =>
    new Promise((resolve) => void stage.env.clock.schedule(ms, () => resolve(answer(status))));
  const stage: ReturnType<typeof aStage> = aStage({ orders: later(20, 200), shadow: later(50, 503) }, MIRRORED, {
    shadow: { retry: { attempts: 1 } },
  });
  const call = stage.call();
  await stage.env.clock.advance(20);
  await call;
  assert.deepEqual(stage.told(), []);
  await stage.env.clock.advance(30);
  assert.deepEqual(
    stage.told().map(({ at, ...event }) => event),
    [
      {
        type: 'mirror',
        service: 'orders',
        route: '',
        to: 'shadow',
        outcome: 'success',
        why: 'status 200',
        ms: 20,
        copyOutcome: 'failure',
        copyWhy: 'status 503',
        copyMs: 50,
      },
    ],
  );
  await stage.end();
});

for (const [what, shadow] of [
  ['hangs', never],
  ['fails', () => Promise.reject(new Error('boom'))],
  [
    'throws at once',
    () => {
      throw new TypeError('boom');
    },
  ],
] as const) {
  test(`a mirror that ${what} changes nothing of the calls it copies: not what they come to, and not when`, async () => {
    const run = async (policy: PolicySections): Promise<unknown[]> => {
      const latency = seeded(11);
      const clock = () => stage.env.clock;
      const orders = () =>
        new Promise((resolve, reject) => {
          const [ms, fails] = [5 + 20 * latency.next(), latency.next() < 0.1];
          clock().schedule(ms, () => (fails ? reject(new Error('mine')) : resolve(answer(200))));
        });
      const stage: ReturnType<typeof aStage> = aStage({ orders, shadow }, policy);
      const ends: unknown[] = [];
      for (let call = 0; call < 300; call++) {
        const begun = clock().now();
        stage.call().then(
          () => ends.push(['fine', clock().now() - begun]),
          (error) => ends.push([error.message, clock().now() - begun]),
        );
        await clock().advance(3);
      }
      await clock().advance(100);
      assert.equal(ends.length, 300);
      assert.equal(stage.seen.shadow!.length > 0, policy.mirror !== undefined);
      await stage.end();
      return ends;
    };
    assert.deepEqual(await run(MIRRORED), await run({}));
  });
}

test('no more copies are under way than the policy has, and those not made are counted', async () => {
  const stage = aStage({ shadow: never }, { mirror: { to: 'shadow', most: 3 } });
  for (let call = 0; call < 10; call++) await stage.call();
  assert.equal(stage.seen.shadow!.length, 3);
  assert.deepEqual(stage.facts(), { to: 'shadow', made: 3, failed: 0, skipped: 7, underWay: 3 });
  await stage.env.clock.advance(10_000);
  assert.equal(stage.facts()!.underWay, 0, 'they end at the deadline of the mirror');
  await stage.call();
  assert.equal(stage.seen.shadow!.length, 4);
  await stage.end();
});

test('a share of the calls is copied', async () => {
  const stage = aStage({}, { mirror: { to: 'shadow', share: 0.25 } });
  for (let call = 0; call < 2_000; call++) await stage.call();
  await stage.env.clock.advance(0);
  assert.ok(Math.abs(stage.seen.shadow!.length / 2_000 - 0.25) < 0.03, `${stage.seen.shadow!.length}`);
  await stage.end();
});

test('the copy is not of the call: who calls it off, or its deadline, leaves the copy alone', async () => {
  const stage = aStage({ orders: never, shadow: never }, { ...MIRRORED, deadline: { timeout: '100ms' } });
  const outcome = assert.rejects(stage.call(), { reason: 'deadline' });
  await stage.env.clock.advance(100);
  await outcome;
  assert.equal(stage.facts()!.underWay, 1);
  await stage.end();
});

test('a request that can be sent only once is not copied', async () => {
  const stage = aStage({});
  await stage.call({ replayable: false });
  assert.equal(stage.seen.shadow!.length, 0);
  await stage.end();
});

test('two services that mirror each other copy each call once', async () => {
  const stage = aStage({}, MIRRORED, { shadow: { mirror: { to: 'orders' } } });
  await stage.call();
  await stage.env.clock.advance(0);
  assert.deepEqual([stage.seen.orders!.length, stage.seen.shadow!.length], [1, 1]);
  await stage.end();
});

test('a mirror that nobody knows costs the call nothing', async () => {
  const stage = aStage({}, { mirror: { to: 'nobody' } });
  assert.deepEqual(await stage.call(), answer(200));
  await stage.env.clock.advance(0);
  assert.equal(stage.facts()!.failed, 1);
  await stage.end();
});

test('a policy that is pushed switches it on and off', async () => {
  const stage = aStage({}, {});
  await stage.call();
  stage.mesh.setPolicy({ services: { orders: MIRRORED } });
  await stage.call();
  stage.mesh.setPolicy({});
  await stage.call();
  await stage.env.clock.advance(0);
  assert.equal(stage.seen.shadow!.length, 1);
  await stage.end();
});
