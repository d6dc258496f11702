import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { metrics, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { startTelemetry } from '../../src/otel.ts';
import { aMesh } from '../support/mesh.ts';

afterEach(() => {
  trace.disable();
  metrics.disable();
});

const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor({ exporter });
const quiet = () => ({
  spanProcessors: [processor],
  metricReaders: [],
  logRecordProcessors: [],
});

test('once an SDK is started, a mesh records with it; what it is told of itself is on every span', async () => {
  const attributes = { 'deployment.environment.name': 'test' };
  await using _ = await startTelemetry({ service: 'shop', instance: 'a1', attributes, sdk: quiet() });
  const { mesh } = await aMesh();
  await mesh.call('orders', () => 1);
  await processor.forceFlush(); // the SDK waits for what it asks the machine about itself
  const spans = exporter.getFinishedSpans();
  assert.equal(spans.length, 2);
  for (const { resource } of spans) {
    assert.equal(resource.attributes['service.name'], 'shop');
    assert.equal(resource.attributes['service.instance.id'], 'a1');
    assert.equal(resource.attributes['deployment.environment.name'], 'test');
  }
});

test('a second SDK is refused, and one that has been shut down makes room for the next', async () => {
  const first = await startTelemetry({ service: 'shop', sdk: quiet() });
  await assert.rejects(startTelemetry({ service: 'shop', sdk: quiet() }), { reason: 'request' });
  await Promise.all([first.shutdown(), first.shutdown()]);
  const second = await startTelemetry({ service: 'shop', sdk: quiet() });
  await second.shutdown();
  await first.shutdown();
});

test('an SDK that somebody else has started is left alone', async () => {
  trace.setGlobalTracerProvider(new TracerProvider());
  await assert.rejects(startTelemetry({ service: 'shop' }), {
    message: /there is an SDK for trace already/,
    code: 'INVALID_ARGUMENT',
  });
});

test('a name of the service is needed', async () => {
  await assert.rejects(startTelemetry({ service: '' }), { reason: 'request' });
});
