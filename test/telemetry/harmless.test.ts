import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { metrics, trace } from '@opentelemetry/api';
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TelemetryOptions } from '../../src/telemetry/options.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';
import { FakeTarget } from './log-target.ts';

let thrown = 0;
const thrower = (): never => {
  thrown++;
  throw new Error('its own fault');
};
const broken: SpanExporter = { export: thrower, shutdown: async () => {}, forceFlush: async () => {} };
const instrument = { add: thrower, record: thrower, addCallback: thrower };

trace.setGlobalTracerProvider(
  new TracerProvider({
    spanProcessors: [
      new SimpleSpanProcessor({ exporter: broken }),
      { onStart: () => {}, onEnd: thrower, forceFlush: async () => {}, shutdown: async () => {} },
    ],
  }),
);
metrics.setGlobalMeterProvider({
  getMeter: () =>
    new Proxy({} as ReturnType<typeof metrics.getMeter>, {
      get: (_, name) => (String(name).startsWith('create') ? () => instrument : () => {}),
    }),
});
after(() => {
  trace.disable();
  metrics.disable();
});

const POLICY = {
  defaults: { outlier: { failures: 2 }, authorize: { mode: 'enforce', rules: [{ name: 'all' }] } },
} as const;

/** What callers and servers get of a mesh, one way and the other. */
async function lived(telemetry: TelemetryOptions, listen: boolean) {
  const { mesh, env } = await aMesh({ telemetry, policy: POLICY });
  if (listen) mesh.on(thrower);
  const came: unknown[] = [];
  const note = (is: Promise<unknown>) =>
    is.then(
      (value) => came.push(value),
      (error) => came.push(`${error}`),
    );
  const { send } = script<unknown>(env.clock, { error: refused() }, { value: answer(200) });
  const calls = [
    note(mesh.call('orders', send, { method: 'GET', path: '/orders/1' })),
    note(mesh.call('stock', () => Promise.reject(new Error('of the client')))),
    note(mesh.call('nobody', () => 1)),
    note(mesh.receive(new FakeArrival('GET /', (_, own) => own.answer(201)))),
    note(mesh.receive(new FakeArrival('GET /', () => Promise.reject(new Error('of the handler'))))),
  ];
  await env.clock.advance(20_000);
  await Promise.all(calls);
  mesh.setPolicy({});
  const closing = mesh.close();
  await env.clock.advance(20_000);
  await closing;
  return { came: came.map((one) => (typeof one === 'object' ? JSON.stringify(one) : one)), pending: env.clock.pending };
}

test('listeners, exporters, instruments, loggers and logs that throw change nothing, on both ways', async () => {
  const plain = await lived({ traces: false, metrics: false }, false);
  assert.equal(plain.came.length, 5);
  assert.equal(thrown, 0);
  const to = Object.assign(new FakeTarget(), { write: thrower });
  const logger = { debug: thrower, info: thrower, warn: thrower, error: thrower };
  const watched = await lived({ accessLog: { to }, logger, prometheus: true }, true);
  assert.deepEqual(watched, plain);
  assert.ok(thrown > 20, `${thrown} throws`);
});
