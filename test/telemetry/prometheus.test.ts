import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrometheusText } from '../../src/telemetry/prometheus.ts';
import { refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';
import { parseExposition } from './exposition.ts';

test('what was counted is written as Prometheus reads it', () => {
  const text = new PrometheusText(true);
  text.put('inmesh.retries', 1, { 'inmesh.service': 'orders', 'error.type': 'ECONNREFUSED' });
  text.put('inmesh.retries', 1, { 'inmesh.service': 'orders', 'error.type': 'ECONNREFUSED' });
  text.observe('checkout', () => [['inmesh.panic', 1, { 'inmesh.service': 'orders' }]]);
  assert.equal(
    `${text}`,
    [
      '# HELP target_info Who this is.',
      '# TYPE target_info gauge',
      'target_info{service_name="checkout"} 1',
      '# HELP inmesh_retries_total Attempts that were tried again, by what had failed.',
      '# TYPE inmesh_retries_total counter',
      'inmesh_retries_total{inmesh_service="orders",error_type="ECONNREFUSED"} 2',
      '# HELP inmesh_panic 1 while too few endpoints are healthy and health is ignored, else 0.',
      '# TYPE inmesh_panic gauge',
      'inmesh_panic{inmesh_service="orders"} 1',
      '',
    ].join('\n'),
  );
});

test('a histogram counts up to each boundary, the boundary itself included', () => {
  const text = new PrometheusText(true);
  for (const seconds of [0.001, 0.005, 0.0051, 7.5, 11]) text.put('inmesh.call.duration', seconds, {});
  const { lines } = parseExposition(`${text}`).get('inmesh_call_duration_seconds')!;
  const upTo = (le: string) => lines.find(({ labels }) => labels.le === le)?.value;
  assert.deepEqual([upTo('0.005'), upTo('0.01'), upTo('5'), upTo('7.5'), upTo('10'), upTo('+Inf')], [2, 3, 3, 4, 4, 5]);
  assert.deepEqual(
    lines.slice(-2).map(({ value }) => value),
    [18.5111, 5],
  );
});

test('a value may hold any sign', () => {
  const text = new PrometheusText(true);
  const odd = 'a"b\\c\nd{e="f"} 1\n# TYPE g counter';
  text.put('inmesh.faults', 1, { 'http.route': odd });
  const [line, ...others] = parseExposition(`${text}`).get('inmesh_faults_total')!.lines;
  assert.deepEqual([line!.labels, others], [{ http_route: odd }, []]);
});

test('a metric has no more than 2,000 series; what is beyond is one', () => {
  const text = new PrometheusText(true);
  for (let at = 0; at < 10_000; at++) text.put('inmesh.faults', 1, { 'http.route': `/${at}` });
  const { lines } = parseExposition(`${text}`).get('inmesh_faults_total')!;
  assert.equal(lines.length, 2_000);
  assert.deepEqual(lines.at(-1), {
    name: 'inmesh_faults_total',
    labels: { otel_metric_overflow: 'true' },
    value: 8_001,
  });
});

test('a mesh that was asked to count gives it as text; another says that it was not asked', async () => {
  const { mesh, env } = await aMesh({ telemetry: { prometheus: true } });
  const outcome = mesh.call('orders', script(env.clock, { error: refused(), ms: 5 }, { value: 1 }).send, {
    method: 'GET',
  });
  await env.clock.advance(1_000);
  await outcome;
  await mesh.receive(new FakeArrival('GET /', (_, arrival) => arrival.answer(200)));
  const families = parseExposition(mesh.metrics());
  const attempts = families.get('inmesh_attempts_total')!.lines;
  assert.deepEqual(
    attempts.map(({ labels, value }) => [labels.inmesh_outcome, labels.error_type, value]),
    [
      ['failure', 'ECONNREFUSED', 1],
      ['success', undefined, 1],
    ],
  );
  const states = families
    .get('inmesh_endpoints')!
    .lines.map(({ labels, value }) => [labels.inmesh_endpoint_state, value]);
  assert.deepEqual(states, [
    ['in', 3],
    ['out', 0],
    ['probing', 0],
  ]);
  assert.equal(families.get('http_server_request_duration_seconds')!.lines.at(-1)!.value, 1);
  const unasked = await aMesh();
  assert.throws(() => unasked.mesh.metrics(), { reason: 'request' });
});

test('the metrics of HTTP can be left to others', async () => {
  const { mesh } = await aMesh({ telemetry: { prometheus: true, httpMetrics: false } });
  await mesh.call('orders', () => 1, { method: 'GET' });
  assert.doesNotMatch(mesh.metrics(), /^http_/m);
  assert.match(
    mesh.metrics(),
    /^inmesh_call_duration_seconds_count\{inmesh_service="orders",inmesh_outcome="success"\} 1$/m,
  );
});

test('endpoints are labels only where that is asked for', async () => {
  for (const endpointLabels of [false, true]) {
    const { mesh } = await aMesh({ telemetry: { prometheus: true, endpointLabels } });
    await mesh.call('stock', () => 1, { method: 'GET' });
    const families = parseExposition(mesh.metrics());
    const [client] = families.get('http_client_request_duration_seconds')!.lines;
    const place = [client!.labels.server_address, client!.labels.server_port];
    assert.deepEqual(place, endpointLabels ? ['10.0.1.1', '3000'] : ['stock', '80']);
    const [pick] = families.get('inmesh_picks_total')!.lines;
    assert.equal(pick!.labels.inmesh_endpoint, endpointLabels ? '10.0.1.1:3000' : undefined);
  }
});
