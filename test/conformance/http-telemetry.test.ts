import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { metrics as meters, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { DataPointType, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import * as published from '@opentelemetry/semantic-conventions';
import { metrics } from '../../src/telemetry/metrics.ts';
import { spanTable } from '../../src/telemetry/span-table.ts';
import { everything } from '../telemetry/world.ts';
import { httpMetrics, httpSpans, type Kind, type Level, rpcMetrics, withheld } from './http-conventions.ts';

class HandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

let spans: readonly ReadableSpan[];
let measured: readonly MetricData[];

before(async () => {
  const exporter = new InMemorySpanExporter();
  const reader = new HandReader();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  meters.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  await everything({ rpcMetrics: true });
  spans = exporter.getFinishedSpans();
  measured = (await reader.collect()).resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
});
after(() => {
  trace.disable();
  meters.disable();
});

type Attributes = Readonly<Record<string, unknown>>;
type Table = Readonly<Record<string, readonly [Level, Kind]>>;

const isKind = (value: unknown, kind: Kind): boolean =>
  kind === 'int' ? Number.isInteger(value) : typeof value === kind;

/** What was emitted has all that is required, nothing that there is not, and each value is of its kind. */
function fits(all: readonly Attributes[], table: Table, what: string): void {
  assert.ok(all.length > 0, what);
  for (const attributes of all) {
    for (const [name, [level]] of Object.entries(table)) {
      if (level === 'required') assert.ok(name in attributes, `${what}: ${name} is required`);
    }
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('inmesh.')) continue;
      const row = table[name];
      assert.ok(row, `${what}: the conventions have no ${name}`);
      assert.ok(isKind(value, row[1]), `${what}: ${name} is ${typeof value}`);
    }
  }
}

/** What is required on a condition, or recommended, and was never there. */
const missing = (all: readonly Attributes[], table: Table): string[] =>
  Object.entries(table)
    .filter(([name, [level]]) => level !== 'opt-in' && !all.some((attributes) => name in attributes))
    .map(([name]) => name);

const withheldOf = (side: string): string[] =>
  Object.keys(withheld).flatMap((key) => (key.startsWith(`${side} `) ? [key.slice(side.length + 1)] : []));

for (const [side, kind] of [
  ['client', SpanKind.CLIENT],
  ['server', SpanKind.SERVER],
] as const) {
  const ofKind = () => spans.filter((span) => span.kind === kind && 'http.request.method' in span.attributes);

  test(`${side} spans have what the conventions require, know and recommend, but for what is withheld with a reason`, () => {
    const all = ofKind().map(({ attributes }) => attributes);
    fits(all, httpSpans[side], side);
    assert.deepEqual(missing(all, httpSpans[side]).sort(), withheldOf(side).sort());
  });

  test(`${side} spans are named by method and template, and never by a path`, () => {
    for (const { name, attributes } of ofKind()) {
      const method = attributes['http.request.method'] === '_OTHER' ? 'HTTP' : attributes['http.request.method'];
      const template = attributes[side === 'client' ? 'url.template' : 'http.route'];
      assert.equal(name, template === undefined ? method : `${method} ${template}`);
    }
  });

  test(`${side} spans say error.type if and only if they are errors; a method that nobody knows is _OTHER`, () => {
    for (const { attributes, status } of ofKind()) {
      assert.equal(status.code === SpanStatusCode.ERROR, 'error.type' in attributes);
      const answered = Number(attributes['http.response.status_code'] ?? 0);
      if (answered >= 500 || (side === 'client' && answered >= 400)) assert.equal(status.code, SpanStatusCode.ERROR);
      else if (side === 'server' && answered >= 400) assert.equal(status.code, SpanStatusCode.UNSET);
      const odd = attributes['http.request.method'] === '_OTHER';
      assert.equal(attributes['http.request.method_original'], odd ? 'BREW' : undefined);
    }
  });
}

test('of each resend the span says which it is, from 1', () => {
  const counts = spans.flatMap(({ attributes }) => attributes['http.request.resend_count'] ?? []);
  assert.deepEqual([...new Set(counts)].sort(), [1, 2]);
});

test('no span of kind client stands around others; a call is internal', () => {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  for (const { kind, parentSpanContext } of spans) {
    const parent = parentSpanContext && byId.get(parentSpanContext.spanId);
    if (parent !== undefined) assert.deepEqual([parent.kind, kind], [SpanKind.INTERNAL, SpanKind.CLIENT]);
  }
});

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER };

test('the table of spans tells of just those attributes that are emitted', () => {
  for (const { kind, attributes } of Object.values(spanTable)) {
    const emitted = new Set(
      spans.filter((span) => span.kind === KINDS[kind]).flatMap((span) => Object.keys(span.attributes)),
    );
    assert.deepEqual([...emitted].sort(), Object.keys(attributes).sort());
  }
});

for (const [name, convention] of Object.entries({ ...httpMetrics, ...rpcMetrics })) {
  test(`${name} is as the conventions have it: instrument, unit, boundaries, attributes`, () => {
    const { descriptor, dataPointType, dataPoints } = measured.find((one) => one.descriptor.name === name)!;
    assert.equal(dataPointType, DataPointType.HISTOGRAM);
    assert.equal(descriptor.unit, convention.unit);
    for (const { value } of dataPoints) {
      assert.deepEqual((value as { buckets: { boundaries: number[] } }).buckets.boundaries, convention.boundaries);
    }
    const all = dataPoints.map(({ attributes }) => attributes);
    fits(all, convention.attributes, name);
    const side = name.split('.')[1]!;
    for (const one of missing(all, convention.attributes))
      assert.ok(`${side} ${one}` in withheld || `${name} ${one}` in withheld, one);
  });
}

test('every name that is not our own is published, and stable but for the template of a URL', () => {
  const stable = new Set<unknown>(Object.values(published));
  const said = [
    ...Object.entries(metrics).flatMap(([name, { attributes }]) => [name, ...attributes]),
    ...Object.values(spanTable).flatMap(({ attributes }) => Object.keys(attributes)),
  ];
  const odd = said.filter((name) => !name.startsWith('inmesh.') && !stable.has(name));
  assert.deepEqual([...new Set(odd)], ['url.template']); // in development
});

test('no other metric has a name of the conventions', () => {
  const names = Object.keys(metrics).filter((name) => !name.startsWith('inmesh.'));
  assert.deepEqual(names.sort(), Object.keys({ ...httpMetrics, ...rpcMetrics }).sort());
});
