import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt, CallOptions } from '../../src/core/call.ts';
import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import { seeded } from '../../src/core/random.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { answer, FakeRegistry, refused, testEnv } from '../../src/testing.ts';
import { fc } from '../support/fast-check.ts';
import { pickers } from '../support/policies.ts';

const sections = fc.record({
  balance: fc.record({
    picker: pickers,
    panic: fc.constantFrom(0, 0.5),
    warmUp: fc.constantFrom('off', '2s'),
  }),
  hash: fc.record({ bound: fc.constantFrom(0, 1.25) }),
  zone: fc.record({ mode: fc.constantFrom('off', 'local'), priorities: fc.boolean() }),
  subset: fc.record({ labels: fc.constantFrom({}, { version: '2' }), fallback: fc.constantFrom('any', 'none') }),
  aperture: fc.record({ mode: fc.constantFrom('off', 'rendezvous'), size: fc.constant(2), above: fc.constant(3) }),
  retry: fc.record({ attempts: fc.integer({ min: 1, max: 3 }), perSecond: fc.constantFrom(0, 10) }),
  hedge: fc.record({ mode: fc.constantFrom('off', 'delay', 'quantile', 'fork'), quantile: fc.constant(0.5) }),
  outlier: fc.record({ failures: fc.nat({ max: 2 }), ejection: fc.constantFrom('100ms', '400ms') }),
  circuit: fc.record({
    mode: fc.constantFrom('off', 'observe', 'enforce'),
    volume: fc.constant(5),
    threshold: fc.constant(0.1),
    open: fc.constant('200ms'),
  }),
  limit: fc.record({
    endpoint: fc.constantFrom(0, 1),
    service: fc.constantFrom(0, 2),
    algorithm: fc.constantFrom('fixed', 'gradient', 'vegas'),
    queue: fc.nat({ max: 2 }),
  }),
  throttle: fc.record({ mode: fc.constantFrom('off', 'observe', 'enforce'), ratio: fc.constant(1) }),
  fault: fc.record({ delayShare: fc.constantFrom(0, 0.3), delay: fc.constant('5ms'), abortShare: fc.constant(0) }),
  strategy: fc.record({ mode: fc.constantFrom('failover', 'failfast', 'forking', 'broadcast') }),
  mirror: fc.record({ to: fc.constantFrom('', 'stock'), share: fc.constant(0.5) }),
  quota: fc.record({
    calls: fc.array(
      fc.record({
        rate: fc.constantFrom('20/s', '5/s'),
        per: fc.constantFrom('service', 'key', 'route'),
        share: fc.constantFrom('instance', 'fleet'),
        mode: fc.constantFrom('observe', 'reject', 'queue', 'warm-up'),
      }),
      { maxLength: 2 },
    ),
  }),
  route: fc.record({
    rules: fc.constantFrom(
      [],
      [{ to: [{ weight: 1 }, { service: 'stock', weight: 1 }] }],
      [{ path: '/a', to: [{ labels: { version: '1' }, weight: 1 }, { weight: 3 }] }],
    ),
  }),
});

const requests = fc.record(
  {
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('/a', '/b?c=1'),
    key: fc.constantFrom('ada', 'bob'),
    priority: fc.constantFrom('critical', 'default', 'sheddable'),
  },
  { requiredKeys: ['method', 'path'] },
) as fc.Arbitrary<CallOptions>;

const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('call' as const), of: requests, ms: fc.nat({ max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 600 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('list' as const), seen: fc.subarray([0, 1, 2, 3, 4, 5]) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('policy' as const), at: fc.nat({ max: 1 }) }) },
);

type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

const there = (at: number): Endpoint =>
  endpoint(`http://10.0.0.${at + 1}:3000`, {
    weight: 1 + (at % 3),
    zone: at % 2 === 0 ? 'west' : 'east',
    metadata: { version: String(1 + (at % 2)), priority: at === 5 ? '1' : '0' },
  });

/** What becomes of these steps in a world of that seed. `look` is done again and again in between. */
async function live(policies: readonly object[], all: readonly Step[], seed: number, look: (mesh: Mesh) => void) {
  const chance = seeded(seed);
  let draws = 0;
  const counted =
    <A extends unknown[]>(draw: (...given: A) => number) =>
    (...given: A) => {
      draws++;
      return draw(...given);
    };
  const random = { next: counted(chance.next), bits: counted(chance.bits), below: counted(chance.below) };
  const env = { ...testEnv({ random }), place: { zone: 'west' } };
  const registry = new FakeRegistry()
    .set('orders', [0, 1, 2, 3, 4, 5].map(there))
    .set('stock', ['http://10.0.1.1:3000']);
  const documents = policies.map((defaults) => ({
    services: { orders: { ...defaults, routes: { 'GET /a': { retry: { attempts: 2 } } } } },
  }));
  const mesh = new Mesh('checkout', env, registry.client(), new PolicySet(documents[0]), {});
  const seen: unknown[] = [];
  let turn = 0;
  const send = ({ url, attempt, headers }: Attempt): Promise<unknown> => {
    seen.push([env.clock.now(), url, attempt, headers]);
    const how = turn++ % 7;
    return new Promise((resolve, reject) => {
      env.clock.schedule(how * 9, () => (how === 3 ? reject(refused()) : resolve(answer(how === 5 ? 503 : 200))));
    });
  };
  for (const step of all) {
    look(mesh);
    if (step.is === 'call') {
      mesh.call('orders', send, step.of).then(
        () => seen.push([env.clock.now(), 'well']),
        (error) => seen.push([env.clock.now(), String(error)]),
      );
      look(mesh);
      await env.clock.advance(step.ms);
    } else if (step.is === 'wait') await env.clock.advance(step.ms);
    else if (step.is === 'list') registry.set('orders', step.seen.map(there));
    else mesh.setPolicy(documents[step.at]!);
  }
  look(mesh);
  await env.clock.advance(11_000);
  const shot = JSON.stringify(mesh.snapshot());
  await mesh.close();
  assert.equal(env.clock.scheduled, 0, 'no timer is left behind');
  assert.equal(registry.open, 0, 'nothing is watched any more');
  return { seen, draws, told: env.told, shot };
}

test('however often somebody asks why, each call goes where and when it would have gone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sections, { minLength: 2, maxLength: 2 }),
      fc.array(steps, { minLength: 5, maxLength: 25 }),
      fc.array(requests, { minLength: 1, maxLength: 4 }),
      fc.integer(),
      async (policies, all, asked, seed) => {
        const plain = await live(policies, all, seed, () => {});
        const looked = await live(policies, all, seed, (mesh) => {
          for (const of of asked) {
            mesh.explain('orders', of);
            mesh.plan('stock', of);
          }
          mesh.explain('orders', 'GET /a');
          mesh.explain('nobody', { method: 'GET', path: '/' });
          mesh.explain('checkout');
          mesh.snapshot();
        });
        assert.deepEqual(looked.seen, plain.seen);
        assert.deepEqual(looked.told, plain.told);
        assert.equal(looked.draws, plain.draws, 'nothing was drawn');
        assert.equal(looked.shot, plain.shot);
      },
    ),
    { numRuns: 60 },
  );
});
