import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { node } from '../../scripts/run.ts';
import { parseTrace } from '../../src/wire/trace-context.ts';
import { aMesh } from '../support/mesh.ts';

const INCOMING = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('with the API and no SDK, trace context travels as it does without', async () => {
  const { mesh } = await aMesh({ telemetry: { traces: true } });
  const sent: (string | undefined)[] = [];
  const states: (string | undefined)[] = [];
  const send = ({ headers }: { headers: Record<string, string> }) => {
    sent.push(headers.traceparent);
    states.push(headers.tracestate);
  };
  await mesh.call('orders', send);
  await mesh.within({ traceparent: INCOMING, tracestate: 'vendor=1' }, () => mesh.call('orders', send));
  const [began, went] = sent.map((traceparent) => parseTrace(traceparent)!);
  assert.equal(began!.flags & 1, 1);
  assert.deepEqual([went!.traceId, went!.flags, states], [INCOMING.split('-')[1], 1, [undefined, 'vendor=1']]);
  assert.notEqual(went!.parentId, INCOMING.split('-')[2]);
});

test('a mesh that was asked for spans records them from the moment on that an SDK is there', async () => {
  const { mesh } = await aMesh({ telemetry: { traces: true } });
  const exporter = new InMemorySpanExporter();
  await mesh.call('orders', () => 1);
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  await mesh.call('orders', () => 1);
  trace.disable();
  await mesh.call('orders', () => 1);
  assert.equal(exporter.getFinishedSpans().length, 2, 'of one call and its attempt');
});

test('neither importing the package nor making a mesh loads the API of OpenTelemetry', async () => {
  const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
  const source = `
    const { registerHooks } = require('node:module');
    let loaded = 0;
    registerHooks({ load(url, context, next) { if (url.includes('@opentelemetry')) loaded++; return next(url, context); } });
    (async () => {
      const { createMesh } = await import(${JSON.stringify(index)});
      const registry = { fixed: { orders: ['http://127.0.0.1:1'] } };
      const mesh = await createMesh({ service: 'checkout', registry });
      await mesh.call('orders', () => 1);
      await mesh.close();
      const before = loaded;
      await (await createMesh({ service: 'checkout', registry, telemetry: { traces: true } })).close();
      console.log(before, loaded > 0);
    })();`;
  const { code, output } = await node(['-e', source]);
  assert.equal(code, 0, output);
  assert.equal(output.trim(), '0 true');
});
