import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { MeshError } from '../../src/core/errors.ts';
import type { PassedOverWhy } from '../../src/core/passed-over.ts';
import type { Probe } from '../../src/core/probe.ts';
import { unwell, WELL } from '../../src/health/finding.ts';
import { openMesh } from '../../src/mesh/open.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { refused, type TestEnv, testEnv } from '../../src/testing.ts';
import { recordedSpans } from '../support/recorded-spans.ts';

const exporter = recordedSpans();

type World = { readonly mesh: Awaited<ReturnType<typeof openMesh>>; readonly env: TestEnv };

const one = (host: string, more: object = {}) => ({ url: `http://${host}:1`, ...more });
const fail = ({ mesh }: World) => assert.rejects(mesh.call('orders', () => Promise.reject(refused())));
const hang = ({ mesh }: World) =>
  void mesh.call('orders', () => new Promise(() => {}), { timeout: '1h' }).catch(() => {});

interface Scenario {
  readonly orders: readonly (string | object)[];
  readonly policy: PolicySections;
  /** What happens before the call that is looked at. */
  readonly before?: (world: World) => unknown;
  readonly says: RegExp;
}

const sickly: Probe = async ({ endpoint }) => (endpoint.address.startsWith('sick') ? unwell('ECONNREFUSED') : WELL);

/** One for each reason there is. */
const scenarios: Readonly<Record<PassedOverWhy, Scenario>> = {
  weight: {
    orders: [one('a'), one('b', { weight: 0 })],
    policy: {},
    says: /^1 with weight 0, which takes no new calls \(b:1\)$/,
  },
  subset: {
    orders: [one('a', { metadata: { version: '2' } }), one('b')],
    policy: { subset: { labels: { version: '2' } } },
    says: /^1 without the labels of the subset \(b:1\)$/,
  },
  aperture: {
    orders: Array.from({ length: 6 }, (_, n) => one(`h${n}`)),
    policy: { aperture: { mode: 'rendezvous', size: 2, above: 3 } },
    says: /^4 that others of our service call \(aperture\) \(h\d:1, h\d:1, h\d:1, h\d:1\)$/,
  },
  tried: {
    orders: [one('a'), one('b')],
    policy: { outlier: { failures: 0 } },
    says: /^1 already tried \((?:a|b):1\)$/,
  },
  unwell: {
    orders: [one('a'), one('sick'), one('b')],
    policy: { health: { check: 'tcp', interval: '1s' } },
    before: async ({ mesh, env }) => {
      await mesh.call('orders', () => 1);
      await env.clock.advance(10_000);
    },
    says: /^1 whose health checks fail \(sick:1\)$/,
  },
  ejected: {
    orders: [one('a'), one('b')],
    policy: { outlier: { failures: 1, ejection: '1h', maxEjection: '1h' }, retry: { attempts: 1 } },
    before: fail,
    says: /^1 ejected \((?:a|b):1\)$/,
  },
  full: {
    orders: [one('a'), one('b')],
    policy: { limit: { endpoint: 1 } },
    before: hang,
    says: /^1 with as many calls under way as may be \((?:a|b):1\)$/,
  },
  zone: {
    orders: [one('a', { zone: 'west' }), one('b', { zone: 'east' })],
    policy: { zone: { mode: 'local', overprovisioning: 10 } },
    says: /^1 in another zone \(b:1\)$/,
  },
  priority: {
    orders: [one('a'), one('b', { metadata: { priority: '1' } })],
    policy: { zone: { priorities: true, overprovisioning: 10 } },
    says: /^1 of another priority \(b:1\)$/,
  },
};

const attempts = (): ReadableSpan[] => exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);

for (const [why, { orders, policy, before, says }] of Object.entries(scenarios)) {
  test(`who was passed over as of "${why}" is told by the error and by the span of the attempt`, async () => {
    const env = testEnv();
    const registry = { fixed: { orders: orders as never } };
    const mesh = await openMesh({
      service: 'checkout',
      registry,
      env: { ...env, probe: sickly },
      zone: 'west',
      policy: { defaults: policy },
      telemetry: { traces: true },
    });
    await before?.({ mesh, env });
    exporter.reset();
    let first = why === 'tried';
    const send = (): Promise<unknown> => {
      const refuses = first;
      first = false;
      return refuses ? Promise.reject(refused()) : new Promise(() => {});
    };
    const error = mesh.call('orders', send, { method: 'GET', timeout: '100ms' }).then(
      () => assert.fail('it never comes to anything'),
      (one: unknown) => one,
    );
    await env.clock.advance(100);
    const told = await error;
    assert.ok(MeshError.is(told));
    const last = told.attempts.at(-1)!;
    assert.deepEqual(
      last.passedOver.map((group) => group.why),
      [why],
    );
    const span = attempts().at(-1)!;
    assert.equal(`${span.attributes['server.address']}:1`, last.endpoint);
    assert.match(String(span.attributes['inmesh.passed_over']), says);
    const closing = mesh.close({ timeoutMs: 0 });
    await env.clock.advance(1_000);
    await closing;
  });
}

test('what an attempt waited is told by the error and the span: for its turn, its retry, and its place in a queue', async () => {
  const env = testEnv();
  const mesh = await openMesh({
    service: 'checkout',
    registry: { fixed: { orders: ['http://a:1', 'http://b:1'] } },
    env,
    policy: {
      defaults: {
        limit: { service: 1, queue: 5, wait: '1m' },
        retry: { attempts: 2, backoff: '40ms' },
        outlier: { failures: 0 },
      },
    },
    telemetry: { traces: true },
  });
  const busy = mesh.call('orders', () => new Promise((resolve) => void env.clock.schedule(70, () => resolve(1))));
  const failed = mesh
    .call('orders', () => Promise.reject(refused()), { method: 'GET' })
    .then(
      () => assert.fail(),
      () => mesh.snapshot().clusters[0]!.failures[0]!.attempts,
    );
  await env.clock.advance(2_000);
  await busy;
  const [first, second] = await failed;
  assert.deepEqual([first!.waitedMs, first!.next!.is, first!.next!.budget], [70, 'retry', 10]);
  assert.ok(second!.waitedMs > 0 && second!.waitedMs === first!.next!.waitMs);
  assert.deepEqual([second!.next!.is, second!.next!.budget], ['attempts', 9]);
  const waited = attempts().map(({ attributes }) => attributes['inmesh.waited_ms']);
  assert.deepEqual(waited, [undefined, 70, second!.waitedMs]);
  const call = exporter.getFinishedSpans().findLast(({ kind }) => kind === SpanKind.INTERNAL)!;
  const retry = call.events.find(({ name }) => name === 'inmesh.retry')!;
  assert.equal(retry.attributes!['inmesh.retries_left'], 10);
  assert.deepEqual([call.attributes['inmesh.not_retried'], call.attributes['inmesh.retries_left']], ['attempts', 9]);
  await mesh.close();
});
