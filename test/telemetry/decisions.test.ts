import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { metrics as api } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { MeshOptions } from '../../src/mesh/options.ts';
import type { PolicyDocument } from '../../src/policy/table.ts';
import { anArrival } from '../support/arrival.ts';
import { fc } from '../support/fast-check.ts';
import { aMesh } from '../support/mesh.ts';
import { parseExposition } from './exposition.ts';
import { FakeTarget } from './log-target.ts';

const ADMIN = { action: 'deny', name: 'no-admin', paths: ['/admin/*'] } as const;

/** A mesh that counts, and the decisions that it has counted. */
async function aCounting(policy: PolicyDocument, telemetry: MeshOptions['telemetry'] = { prometheus: true }) {
  const { mesh } = await aMesh({ policy, telemetry });
  const comes = async (...paths: readonly string[]) => {
    for (const path of paths) await mesh.receive(anArrival({ path }));
  };
  const lines = () => parseExposition(mesh.metrics()).get('inmesh_authorize_decisions_total')?.lines ?? [];
  const counted = () =>
    lines().map(({ labels, value }) => [
      labels.inmesh_rule_set,
      labels.inmesh_rule,
      labels.inmesh_allowed === 'true' ? 'allowed' : 'refused',
      labels.inmesh_enforced === 'true' ? 'enforced' : 'observed',
      value,
    ]);
  return { mesh, comes, counted };
}

test('each rule has a count of its own, by what it decided; what no rule decided has no name', async () => {
  const { comes, counted } = await aCounting({
    defaults: { authorize: { mode: 'enforce', rules: [ADMIN, { paths: ['/orders'] }] } },
  });
  await comes('/orders', '/admin/x', '/orders', '/stock');
  assert.deepEqual(counted(), [
    ['defaults', 'rules[1]', 'allowed', 'enforced', 2],
    ['defaults', 'no-admin', 'refused', 'enforced', 1],
    ['defaults', undefined, 'refused', 'enforced', 1],
  ]);
});

test('where the policy observes all is counted that it would have decided; of a rule that does, what it would have changed', async () => {
  const { mesh, comes, counted } = await aCounting({
    services: { checkout: { authorize: { mode: 'observe', rules: [ADMIN] } } },
  });
  await comes('/admin/x', '/orders');
  const set = 'services.checkout';
  const observed = [
    [set, 'no-admin', 'refused', 'observed', 1],
    [set, undefined, 'allowed', 'observed', 1],
  ];
  assert.deepEqual(counted(), observed);
  const soon = { ...ADMIN, name: 'soon', observe: true };
  mesh.setPolicy({ services: { checkout: { authorize: { mode: 'enforce', rules: [soon, { name: 'all' }] } } } });
  await comes('/admin/x', '/orders');
  assert.deepEqual(counted(), [
    ...observed,
    [set, 'soon', 'refused', 'observed', 1],
    [set, 'all', 'allowed', 'enforced', 2],
  ]);
});

test('rules of one name that stand in several parts of a policy are counted apart', async () => {
  const route = "services.checkout.routes['/public/{rest*}']";
  const { comes, counted } = await aCounting({
    services: {
      checkout: {
        authorize: { mode: 'enforce', rules: [ADMIN, { name: 'all' }] },
        routes: {
          '/public/{rest*}': { authorize: { rules: [{ name: 'all' }] } },
          '/plain': { deadline: { timeout: '1s' } },
        },
      },
    },
  });
  await comes('/orders', '/plain', '/public/x', '/public/..%2fadmin/x');
  assert.deepEqual(counted(), [
    ['services.checkout', 'all', 'allowed', 'enforced', 2], // a route without rules of its own has those of the service
    [route, 'all', 'allowed', 'enforced', 2],
    ['services.checkout', 'no-admin', 'refused', 'enforced', 1], // by those of what the path may be besides
  ]);
});

test('what is asked in advance, and what is off, is not counted', async () => {
  const { mesh, comes, counted } = await aCounting({ defaults: { authorize: { mode: 'off', rules: [ADMIN] } } });
  await comes('/admin/x');
  mesh.setPolicy({ defaults: { authorize: { mode: 'enforce', rules: [ADMIN] } } });
  await mesh.authorize.explain({ path: '/admin/x' });
  assert.deepEqual(counted(), []);
});

test('whoever is asked and decides nothing is counted when the answer is known', async () => {
  const { mesh, counted, comes } = await aCounting({
    defaults: {
      authorize: { mode: 'observe', check: 'http://nobody/check', rules: [{ name: 'ask', action: 'custom' }] },
    },
  });
  const told = new Promise<void>((resolve) => void mesh.on(({ type }) => void (type === 'authorize' && resolve())));
  await comes('/');
  await told;
  assert.deepEqual(counted(), [['defaults', 'ask', 'refused', 'observed', 1]]);
});

const rule = fc.record({
  name: fc.constantFrom('', 'a', 'b'),
  action: fc.constantFrom('allow' as const, 'deny' as const, 'audit' as const),
  observe: fc.boolean(),
  paths: fc.subarray(['/a', '/b', '/c'], { minLength: 1 }),
});

test('the metric and the counts of the mesh are the same numbers, whatever the rules and the requests', async () => {
  const mode = fc.constantFrom('off' as const, 'observe' as const, 'enforce' as const);
  const paths = fc.array(fc.constantFrom('/a', '/b', '/c', '/d'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(mode, fc.array(rule, { maxLength: 4 }), paths, async (mode, rules, paths) => {
      const { mesh, comes, counted } = await aCounting({ defaults: { authorize: { mode, rules } } });
      await comes(...paths);
      const sums: Record<string, { allowed: number; refused: number; observed: number }> = {};
      for (const [, name = '', verdict, how, value] of counted() as [string, string, string, string, number][]) {
        sums[name] ??= { allowed: 0, refused: 0, observed: 0 };
        // Where a policy observes, what it would let in is let in; what a rule that observes would let in was not.
        const isIn = verdict === 'allowed' && (how === 'enforced' || mode === 'observe');
        sums[name][isIn ? 'allowed' : how === 'enforced' ? 'refused' : 'observed'] += value;
      }
      const total = (of: typeof sums) =>
        Object.values(of).reduce((sum, { allowed, refused, observed }) => sum + allowed + refused + observed, 0);
      assert.equal(total(sums), total(mesh.authorize.counts));
      if (!rules.some(({ observe }) => observe)) assert.deepEqual(sums, mesh.authorize.counts);
    }),
    { numRuns: 100 },
  );
});

test('names are those of the policy alone, and too many of them are one', async () => {
  const { mesh, comes, counted } = await aCounting({
    defaults: { authorize: { mode: 'enforce', rules: [{ name: 'all' }] } },
  });
  for (let at = 0; at < 1_000; at++) {
    await mesh.receive(
      anArrival({ method: `M${at}`, path: `/${at}`, headers: { 'x-user': `${at}` }, peer: `10.0.${at >> 8}.1` }),
    );
  }
  assert.deepEqual(counted(), [['defaults', 'all', 'allowed', 'enforced', 1_000]]);
  for (let at = 0; at < 600; at++) {
    mesh.setPolicy({ defaults: { authorize: { mode: 'enforce', rules: [{ name: `rule ${at}` }] } } });
    await comes('/');
  }
  assert.equal(counted().length, 501);
  assert.deepEqual(counted().at(-1), ['defaults', 'other', 'allowed', 'enforced', 101]);
});

class HandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

afterEach(() => api.disable());

test('an SDK of OpenTelemetry has them as well, also those of the time right before the mesh is closed', async () => {
  const reader = new HandReader();
  api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const { mesh, comes } = await aCounting({ defaults: { authorize: { mode: 'enforce', rules: [ADMIN] } } }, {});
  await comes('/admin/x', '/orders', '/admin/y');
  await mesh.close();
  const { resourceMetrics } = await reader.collect();
  const data = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  const { dataPoints } = data.find(({ descriptor }) => descriptor.name === 'inmesh.authorize.decisions')!;
  assert.deepEqual(
    dataPoints.map(({ attributes, value }) => [attributes, value]),
    [
      [
        {
          'inmesh.rule.set': 'defaults',
          'inmesh.rule': 'no-admin',
          'inmesh.allowed': 'false',
          'inmesh.enforced': 'true',
        },
        2,
      ],
      [{ 'inmesh.rule.set': 'defaults', 'inmesh.allowed': 'true', 'inmesh.enforced': 'true' }, 1],
    ],
  );
});

test('where nobody counts nothing is made to be counted, whoever watches besides', async () => {
  const policy = { defaults: { authorize: { mode: 'enforce', rules: [ADMIN] } } } as const;
  const { mesh, comes } = await aCounting(policy, { accessLog: { to: new FakeTarget() }, metrics: false });
  await comes('/admin/x', '/orders');
  assert.deepEqual(mesh.authorize.counts, {
    'no-admin': { allowed: 0, refused: 1, observed: 0 },
    '': { allowed: 1, refused: 0, observed: 0 },
  });
});
