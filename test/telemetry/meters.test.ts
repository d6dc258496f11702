import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meters } from '../../src/telemetry/meters.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { nameOf, PrometheusText } from '../../src/telemetry/prometheus.ts';
import { counted } from '../../src/telemetry/samples.ts';
import { CallRecord } from '../../src/telemetry/watcher.ts';
import { aContext } from '../../src/testing/context.ts';
import { refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';
import { parseExposition } from './exposition.ts';
import { everything } from './world.ts';

/** What is told by mechanisms that this world does not switch on; their samples are tested by themselves below. */
const BY_EVENT_ONLY = [
  'inmesh.quota.store.changes',
  'inmesh.fallbacks',
  'inmesh.cached',
  'inmesh.collapsed',
  'inmesh.batch.size',
  'inmesh.dependency.changes',
  'inmesh.subset.changes',
  'inmesh.registry.session.changes',
  'inmesh.registry.listing.changes',
  'inmesh.credentials.changes',
  'inmesh.hedges',
  'inmesh.quotas',
  'inmesh.limits',
  'inmesh.throttled',
  'inmesh.queue.time',
];
const BY_STANDING_ONLY = ['inmesh.limit', 'inmesh.calls.waiting', 'inmesh.registry.session'];
const OTHERS = ['inmesh.registry.changes', 'inmesh.registry.rejected', 'inmesh.faults', 'inmesh.log.dropped'];

test('every metric of the table is told by something, with no attribute that the table does not have', async () => {
  const { mesh } = await everything({ prometheus: true, rpcMetrics: true });
  const families = parseExposition(mesh.metrics());
  for (const [name, metric] of Object.entries(metrics)) {
    if ([...BY_EVENT_ONLY, ...BY_STANDING_ONLY, ...OTHERS].includes(name)) continue;
    const family = families.get(nameOf(name, metric));
    assert.ok(family, name);
    assert.equal(family.help, metric.about);
    const attributes = metric.attributes.map((attribute) => attribute.replaceAll('.', '_'));
    for (const { labels } of family.lines) {
      const odd = Object.keys(labels).filter((label) => label !== 'le' && !attributes.includes(label));
      assert.deepEqual(odd, [], name);
    }
  }
});

const AT = { at: 1, service: 'orders' } as const;
const SAMPLES: { readonly [T in keyof typeof counted]: Parameters<NonNullable<(typeof counted)[T]>>[0] } = {
  retry: { ...AT, type: 'retry', attempt: 1, why: 'status 503', waitMs: 20, left: 9 },
  'retry-budget': { ...AT, type: 'retry-budget', attempt: 1, why: 'ECONNREFUSED', left: 0 },
  hedge: { ...AT, type: 'hedge', attempt: 1, afterMs: 20 },
  'hedge-budget': { ...AT, type: 'hedge-budget', attempt: 1, afterMs: 20 },
  quota: { ...AT, type: 'quota', route: '', rule: 'all', action: 'queued', waitMs: 250 },
  'quota-store': { ...AT, type: 'quota-store', away: true, problem: 'away' },
  fallback: { ...AT, type: 'fallback', source: 'last-good', why: 'ECONNREFUSED' },
  cached: { ...AT, type: 'cached', stale: false, ageMs: 5 },
  collapse: { ...AT, type: 'collapse', waiting: 2 },
  batch: { ...AT, type: 'batch', keys: 3, callers: 4, failed: 1, waitedMs: 10, ms: 20, outcome: 'success' },
  limit: { ...AT, type: 'limit', full: 'service', priority: 'default', inFlight: 3, waiting: 1 },
  throttle: { ...AT, type: 'throttle', priority: 'default', share: 0.5, enforced: true },
  ejected: { ...AT, type: 'ejected', endpoint: 'a:1', failures: 5, forMs: 1, why: 'failures', enforced: true },
  returned: { ...AT, type: 'returned', endpoint: 'a:1' },
  circuit: {
    ...AT,
    type: 'circuit',
    route: '',
    state: 'open',
    calls: 9,
    failures: 9,
    slow: 0,
    forMs: 1,
    enforced: true,
  },
  registry: { ...AT, type: 'registry', stale: true, error: 'away' },
  dependency: { ...AT, type: 'dependency', connected: false, endpoints: 0, needed: 1, required: true, problem: 'none' },
  subset: { ...AT, type: 'subset', on: true, labels: 'version=v2', having: 0, endpoints: 3, fallback: 'any' },
  listing: { ...AT, type: 'listing', id: 'a', state: 'conflict' },
  session: { ...AT, type: 'session', state: 'lost', problem: 'away' },
  record: { ...AT, type: 'record', id: 'x', problem: 'no port' },
  policy: { ...AT, type: 'policy', accepted: true, problem: '' },
  refused: { ...AT, type: 'refused', route: '', reason: 'shed', enforced: true },
  credentials: { ...AT, type: 'credentials', what: 'issuer', issuer: 'pay', problem: 'ENOENT' },
  'access-log': { ...AT, type: 'access-log', dropped: 3 },
  fault: { ...AT, type: 'fault', route: '', problem: 'x' },
};

test('what is counted of an event is in the table, attributes and all', () => {
  assert.deepEqual(Object.keys(SAMPLES).sort(), Object.keys(counted).sort());
  const told = new Set<string>();
  for (const [type, event] of Object.entries(SAMPLES)) {
    const samples = (counted as Record<string, (event: unknown) => readonly (readonly [string, number, object])[]>)[
      type
    ]!(event);
    assert.ok(samples.length > 0, type);
    for (const [name, value, labels] of samples) {
      told.add(name);
      const { attributes } = metrics[name as keyof typeof metrics] as { attributes: readonly string[] };
      assert.deepEqual(
        Object.keys(labels).filter((key) => !attributes.includes(key)),
        [],
        name,
      );
      assert.ok(value > 0);
    }
  }
  assert.deepEqual(
    BY_EVENT_ONLY.filter((name) => !told.has(name)),
    [],
  );
  assert.deepEqual(
    OTHERS.filter((name) => !told.has(name)),
    [],
  );
});

test('calls and attempts are counted apart, and what failed by a word', async () => {
  const { mesh, env } = await aMesh({ telemetry: { prometheus: true } });
  const outcome = mesh.call('orders', script(env.clock, { error: refused() }, { value: 1, ms: 40 }).send);
  await env.clock.advance(1_000);
  await outcome;
  await assert.rejects(mesh.call('nobody', () => 1));
  const text = mesh.metrics();
  assert.match(text, /^inmesh_call_duration_seconds_count\{inmesh_service="orders",inmesh_outcome="success"\} 1$/m);
  assert.match(text, /^inmesh_retries_total\{inmesh_service="orders",error_type="ECONNREFUSED"\} 1$/m);
  assert.match(
    text,
    /^inmesh_call_duration_seconds_count\{inmesh_service="other",inmesh_outcome="failure",error_type="no-endpoints"\} 1$/m,
  );
  assert.match(text, /^inmesh_picks_total\{inmesh_service="orders"\} 2$/m);
});

test('3,000 paths, methods, routes and errors that strangers make up have a bounded number of series', async () => {
  const { mesh } = await aMesh({ telemetry: { prometheus: true } });
  for (let at = 0; at < 3_000; at++) {
    await mesh.receive(
      new FakeArrival(`M${at} /${at}?${at}`, (_, own) => own.answer(200 + (at % 300)), {
        headers: { host: `host-${at}`, 'user-agent': `agent ${at}` },
      }),
    );
    await mesh.receive(
      new FakeArrival(`GET /${at}`, (_, own) => {
        own.template = `/made/up/${at}`;
        own.answer(200);
      }),
    );
    const error = Object.assign(new Error('made up'), { code: `E_${at}` });
    await mesh.call('stock', () => Promise.reject(error), { method: `M${at}` }).catch(() => {});
  }
  const families = parseExposition(mesh.metrics());
  const series = [...families.values()].map(({ name, lines }) => {
    const apart = new Set(lines.map(({ labels: { le, ...rest } }) => JSON.stringify(rest)));
    return [name, apart.size] as const;
  });
  const most = Object.fromEntries(series);
  assert.deepEqual(
    series.filter(([, size]) => size > 2_000),
    [],
  );
  assert.equal(most.inmesh_call_duration_seconds, 101, '100 errors and all others');
  assert.equal(most.http_server_request_duration_seconds, 501 + 300, '500 routes and all others, and 300 statuses');
  assert.ok(series.reduce((sum, [, size]) => sum + size, 0) < 3_000);
});

test('10,000 hosts that strangers make up are one name, and take none from services that there are', () => {
  const text = new PrometheusText(true);
  const meters = new Meters([text], { endpointLabels: true, elsewhere: () => false });
  const context = aContext();
  const called = (service: string, is: 'unknown' | 'pending' | 'bound') => {
    const call = { send: () => 1, method: 'GET', path: '/', headers: {} };
    const record = new CallRecord(call, { ...context, service }, 0, () => ({ is, endpoints: [] }));
    meters.watch(record).end(record);
    meters.tell({ at: 0, service, type: 'registry', stale: true, error: 'away' });
  };
  for (let at = 0; at < 10_000; at++) called(`host-${at}.example`, at % 2 === 0 ? 'unknown' : 'pending');
  called('orders', 'bound');
  const namesOf = (name: string) => {
    const { lines } = parseExposition(`${text}`).get(name)!;
    return [...new Set(lines.map(({ labels }) => labels.inmesh_service))];
  };
  assert.deepEqual(namesOf('inmesh_call_duration_seconds'), ['other', 'orders']);
  assert.deepEqual(namesOf('inmesh_registry_changes_total'), ['other', 'orders']);
});

test('more services than can be counted by name are one; those that came first stay', async () => {
  const services = Object.fromEntries(Array.from({ length: 510 }, (_, at) => [`s${at}`, ['http://10.0.0.1:1']]));
  const { mesh } = await aMesh({ registry: { fixed: services }, telemetry: { prometheus: true } });
  for (const name of Object.keys(services)) await mesh.call(name, () => 1);
  await mesh.call('s0', () => 1);
  const { lines } = parseExposition(mesh.metrics()).get('inmesh_picks_total')!;
  assert.equal(lines.length, 500);
  assert.equal(lines.find(({ labels }) => labels.inmesh_service === 's0')?.value, 2);
  assert.equal(lines.find(({ labels }) => labels.inmesh_service === 'other')?.value, 11);
});

test('what a caller had left when it came is measured, and nothing is where it did not say', async () => {
  const { mesh } = await aMesh({ telemetry: { prometheus: true }, policy: { defaults: { deadline: { refuse: 1 } } } });
  const come = (headers: Record<string, string>) =>
    mesh.receive(new FakeArrival('GET /', (_, own) => own.answer(200), { headers }));
  await come({});
  await come({ 'grpc-timeout': '200m' });
  await come({ 'grpc-timeout': '0m' });
  const { lines } = parseExposition(mesh.metrics()).get('inmesh_request_deadline_seconds')!;
  assert.deepEqual(
    lines.slice(-2).map(({ value }) => Number(value.toFixed(6))),
    [0.2, 2],
  );
});
