import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { metrics as api } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { DataPointType, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics';
import type { Metric } from '../../src/telemetry/metric.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { aMesh } from '../support/mesh.ts';
import { parseExposition } from './exposition.ts';
import { everything } from './world.ts';

/** Collects when it is told to. */
class HandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  async read(): Promise<readonly MetricData[]> {
    const { resourceMetrics, errors } = await this.collect();
    assert.deepEqual(errors, []);
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  }
}

/** An SDK that records metrics. */
function anSdk(): HandReader {
  const reader = new HandReader();
  api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return reader;
}

afterEach(() => api.disable());

const sumOf = (all: readonly MetricData[], name: string): number | undefined => {
  const data = all.find(({ descriptor }) => descriptor.name === name);
  return data?.dataPoints.reduce(
    (sum, { value }) => sum + (typeof value === 'number' ? value : (value as { count: number }).count),
    0,
  );
};

test('with an SDK the mesh measures without being told', async () => {
  const reader = anSdk();
  const { mesh } = await aMesh();
  await mesh.call('orders', () => 1, { method: 'GET' });
  const all = await reader.read();
  assert.equal(sumOf(all, 'inmesh.call.duration'), 1);
  assert.equal(sumOf(all, 'http.client.request.duration'), 1);
  assert.equal(sumOf(all, 'inmesh.endpoints'), 3);
});

test('instruments are as the table has them: kind, unit, boundaries, meaning', async () => {
  const reader = anSdk();
  await everything({});
  const all = await reader.read();
  for (const { descriptor, dataPointType, dataPoints } of all) {
    const metric: Metric | undefined = (metrics as Readonly<Record<string, Metric>>)[descriptor.name];
    assert.ok(metric, descriptor.name);
    assert.equal(descriptor.unit, metric.unit);
    assert.equal(descriptor.description, metric.about);
    const type = { counter: DataPointType.SUM, histogram: DataPointType.HISTOGRAM, observed: DataPointType.GAUGE };
    assert.equal(dataPointType, type[metric.instrument]);
    for (const { value, attributes } of dataPoints) {
      const odd: string[] = Object.keys(attributes).filter((name) => !metric.attributes.includes(name));
      assert.deepEqual(odd, [], descriptor.name);
      if (metric.instrument === 'histogram') {
        assert.deepEqual((value as { buckets: { boundaries: number[] } }).buckets.boundaries, metric.boundaries);
      }
    }
  }
});

test('an SDK that comes later is told of all that comes after it, and what is observed is there at once', async () => {
  const { mesh } = await aMesh({ telemetry: { metrics: true } });
  await mesh.call('orders', () => 1);
  const reader = anSdk();
  await mesh.call('orders', () => 1);
  const all = await reader.read();
  assert.equal(sumOf(all, 'inmesh.call.duration'), 1);
  assert.equal(sumOf(all, 'inmesh.endpoints'), 3);
});

test('an SDK in the place of another hears the mesh as well; a mesh that is closed is not looked at', async (t) => {
  anSdk();
  const { mesh, env } = await aMesh();
  await mesh.call('orders', () => 1);
  api.disable();
  const second = anSdk();
  await mesh.call('orders', () => 1);
  const looks = t.mock.method(mesh, 'snapshot').mock;
  assert.equal(sumOf(await second.read(), 'inmesh.attempts'), 1);
  assert.equal(looks.callCount(), 1, 'once for all that is observed');
  const closing = mesh.close();
  await env.clock.advance(10_000);
  await closing;
  await second.read();
  assert.equal(looks.callCount(), 1);
});

test('without an SDK nothing is measured, and asking for it harms nobody', async () => {
  const { mesh } = await aMesh({ telemetry: { metrics: true } });
  assert.equal(await mesh.call('orders', () => 1), 1);
  assert.throws(() => mesh.metrics(), { reason: 'request' });
});

test('our text has the names, kinds and numbers that the exporter of OpenTelemetry writes, which leaves out the unit', async () => {
  const reader = anSdk();
  const { mesh } = await everything({ prometheus: true });
  const { resourceMetrics } = await reader.collect();
  const theirs = parseTheirs(new PrometheusSerializer().serialize(resourceMetrics));
  const ours = parseExposition(mesh.metrics());
  assert.ok(ours.size > 20, `${ours.size}`);
  for (const [name, { type, lines }] of ours) {
    if (name === 'target_info') continue;
    const bare = name.replace(/_seconds$/, '');
    const other = theirs.get(bare);
    assert.ok(other, `${name} is none of theirs: ${[...theirs.keys()].join()}`);
    assert.equal(type, other.type, name);
    if (type !== 'histogram') assert.equal(total(lines), total(other.lines), name);
    else assert.equal(counts(name, lines), counts(bare, other.lines), name);
  }
});

type Lines = readonly { readonly name: string; readonly value: number }[];
const total = (lines: Lines): number => lines.reduce((sum, { value }) => sum + value, 0);
const counts = (name: string, lines: Lines): number => total(lines.filter((line) => line.name === `${name}_count`));

/** Their text, as far as it matters here. */
function parseTheirs(text: string): ReadonlyMap<string, { readonly type: string; readonly lines: Lines }> {
  const families = new Map<string, { type: string; lines: { name: string; value: number }[] }>();
  for (const line of text.split('\n')) {
    const [, named, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (named !== undefined) families.set(named, { type: type!, lines: [] });
    else if (line !== '' && !line.startsWith('#')) {
      const [, name] = /^([a-zA-Z0-9_:]+)/.exec(line)!;
      [...families.values()].at(-1)?.lines.push({ name: name!, value: Number(line.slice(line.lastIndexOf('} ') + 2)) });
    }
  }
  return families;
}
