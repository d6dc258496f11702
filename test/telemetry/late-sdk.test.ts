import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { metrics, trace } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
// What is loaded when an SDK is seen, so that it takes no time here.
import '../../src/telemetry/meters.ts';
import '../../src/telemetry/otel-metrics.ts';
import '../../src/telemetry/prometheus.ts';
import '../../src/telemetry/span-events.ts';
import '../../src/telemetry/spans.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';

class HandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const exporter = new InMemorySpanExporter();
afterEach(() => {
  trace.disable();
  metrics.disable();
  exporter.reset();
});

/** Starts an SDK, and gives what it has measured by name. */
function startSdk(): () => Promise<readonly string[]> {
  const reader = new HandReader();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return async () => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name));
  };
}

/** Does something again until a span of it is recorded, and says how often it was done. */
async function untilRecorded(one: () => Promise<unknown>): Promise<number> {
  exporter.reset();
  for (let times = 1; ; times++) {
    await one();
    if (exporter.getFinishedSpans().length > 0) return times;
    await new Promise(setImmediate); // what is loaded takes turns of the event loop
  }
}

test('an SDK that is started after the mesh was made is seen with the first call', async () => {
  const { mesh } = await aMesh();
  const measured = startSdk();
  assert.ok((await untilRecorded(() => mesh.call('orders', () => 1))) < 32, 'the sixty-fourth would look again');
  assert.equal(exporter.getFinishedSpans().length, 2);
  while (!(await measured()).includes('inmesh.endpoints')) await new Promise(setImmediate);
  await mesh.call('orders', () => 1);
  assert.ok((await measured()).includes('inmesh.call.duration'));
});

for (const kind of ['calls', 'requests'] as const) {
  test(`one that is started while ${kind} go on is seen within 64 of them`, async () => {
    const { mesh } = await aMesh();
    const one = (): Promise<unknown> =>
      kind === 'calls'
        ? mesh.call('orders', () => 1)
        : mesh.receive(new FakeArrival('GET /', (_, own) => own.answer(200)));
    for (let at = 0; at < 10; at++) await one();
    startSdk();
    assert.ok((await untilRecorded(one)) < 64 + 32);
    assert.equal(exporter.getFinishedSpans().length, kind === 'calls' ? 2 : 1);
  });
}

test('who was told not to record does not, whenever an SDK comes; and a mesh that is closed takes nobody in', async () => {
  const silent = await aMesh({ telemetry: { traces: false, metrics: false } });
  const [closed, other] = [await aMesh(), await aMesh({ telemetry: { metrics: false } })];
  const measured = startSdk();
  void closed.mesh.call('orders', () => 1);
  await closed.mesh.close();
  await untilRecorded(() => other.mesh.call('orders', () => 1));
  exporter.reset();
  for (let at = 0; at < 70; at++) await silent.mesh.call('orders', () => 1);
  assert.equal(exporter.getFinishedSpans().length, 0);
  assert.deepEqual(await measured(), []);
});
