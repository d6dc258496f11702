import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Context,
  context,
  createContextKey,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { aMesh } from '../support/mesh.ts';
import { recordedSpans } from '../support/recorded-spans.ts';
import { FakeArrival } from './arrival.ts';

const exporter = recordedSpans();

const INCOMING = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' };
const recorded = (): ReadableSpan[] => exporter.getFinishedSpans();
const serverSpan = (): ReadableSpan => recorded().find(({ kind }) => kind === SpanKind.SERVER)!;
const answers = (status: number) => (_: unknown, arrival: FakeArrival) => arrival.answer(status);

test('a request is a server span below what it came with, named by method and template', async () => {
  const { mesh } = await aMesh();
  const headers = { ...INCOMING, host: '[::1]:8443', 'user-agent': 'probe/1' };
  await mesh.receive(
    new FakeArrival(
      'GET /orders/42?token=secret#x',
      (_, arrival) => {
        arrival.template = '/orders/:id';
        arrival.answer(200);
      },
      { headers, secure: true },
    ),
  );
  const span = serverSpan();
  assert.equal(span.name, 'GET /orders/{id}');
  assert.deepEqual(span.attributes, {
    'http.request.method': 'GET',
    'url.path': '/orders/42',
    'url.scheme': 'https',
    'http.route': '/orders/{id}',
    'server.address': '::1',
    'server.port': 8443,
    'user_agent.original': 'probe/1',
    'client.address': '10.9.9.9',
    'network.protocol.version': '1.1',
    'http.response.status_code': 200,
  });
  assert.equal(span.status.code, SpanStatusCode.UNSET);
  const parent = span.parentSpanContext!;
  assert.deepEqual(
    [parent.traceId, parent.spanId, parent.isRemote, span.spanContext().traceState?.serialize()],
    [...INCOMING.traceparent.split('-').slice(1, 3), true, 'vendor=1'],
  );
});

test('what is called while it is served belongs to its span, and so does what the handler is told', async () => {
  const { mesh } = await aMesh();
  let told: string | undefined;
  await mesh.receive(
    new FakeArrival('GET /', async (request, arrival) => {
      told = request.trace?.parentId;
      await mesh.call('orders', () => 1);
      arrival.answer(200);
    }),
  );
  const server = serverSpan();
  const call = recorded().find(({ name }) => name === 'mesh.call orders')!;
  assert.equal(call.parentSpanContext?.spanId, server.spanContext().spanId);
  assert.equal(told, server.spanContext().spanId);
  assert.equal(server.parentSpanContext, undefined);
});

test('only what is our fault, or never left whole, is an error', async () => {
  const { mesh } = await aMesh({
    policy: { services: { checkout: { routes: { '/full': { shed: { mode: 'enforce', limit: 0 } } } } } },
  });
  const cases: readonly (readonly [
    string,
    (arrival: FakeArrival) => unknown,
    number | undefined,
    string | undefined,
    string | undefined,
  ])[] = [
    ['GET /a', (arrival) => arrival.answer(404), 404, undefined, undefined],
    ['GET /b', (arrival) => arrival.answer(502), 502, '502', undefined],
    ['GET /full', () => assert.fail('it is not let in'), 503, 'shed', 'OM'],
    ['GET /c', (arrival) => arrival.leave(), undefined, 'caller', 'DC'],
    ['GET /d', (arrival) => arrival.leave(200), 200, 'caller', 'DC'],
  ];
  for (const [asked, work, status, type, flags] of cases) {
    exporter.reset();
    await mesh.receive(new FakeArrival(asked, (_, arrival) => work(arrival)));
    const { attributes, status: ended } = serverSpan();
    assert.deepEqual(
      [attributes['http.response.status_code'], attributes['error.type'], attributes['inmesh.response_flags']],
      [status, type, flags],
    );
    assert.equal(ended.code, type === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
  }
});

test('what strangers write makes no names: no path, no method of theirs, no host that is none', async () => {
  const { mesh } = await aMesh();
  const headers = { host: 'a b"c', 'user-agent': 'x'.repeat(9_000) };
  await mesh.receive(new FakeArrival(`BREW /${'y'.repeat(9_000)}`, answers(200), { headers }));
  const { name, attributes } = serverSpan();
  assert.equal(name, 'HTTP');
  assert.equal(attributes['http.request.method'], '_OTHER');
  assert.equal(attributes['http.request.method_original'], 'BREW');
  assert.equal(attributes['server.address'], undefined);
  assert.equal(String(attributes['url.path']).length, 2_048);
  assert.equal(String(attributes['user_agent.original']).length, 2_048);
});

const RPC = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');
const serving = (span: Span, metadata?: object): Context => {
  const within = trace.setSpan(context.active(), span);
  return metadata === undefined ? within : within.setValue(RPC, metadata);
};

test('where OpenTelemetry records the request itself there is no second span; its own gets the route', async () => {
  const { mesh } = await aMesh();
  const span = trace.getTracer('http').startSpan('GET', { kind: SpanKind.SERVER });
  const metadata: { type: string; span: Span; route?: string } = { type: 'http', span };
  let told: string | undefined;
  const arrival = new FakeArrival('GET /orders/42', (request, own) => {
    told = request.trace?.parentId;
    own.template = '/orders/:id';
    own.answer(200);
  });
  await context.with(serving(span, metadata), () => mesh.receive(arrival));
  assert.equal(recorded().length, 0, 'it is for who began it to end it');
  span.end();
  assert.equal(serverSpan().name, 'GET /orders/{id}');
  assert.equal(serverSpan().attributes['http.route'], '/orders/{id}');
  assert.equal(metadata.route, '/orders/{id}');
  assert.equal(told, span.spanContext().spanId);
});

test('a route that another instrumentation has found stays', async () => {
  const { mesh } = await aMesh();
  const span = trace.getTracer('http').startSpan('GET /theirs', { kind: SpanKind.SERVER });
  const metadata = { type: 'http', span, route: '/theirs' };
  const arrival = new FakeArrival('GET /orders/42', (_, own) => {
    own.template = '/orders/:id';
    own.answer(200);
  });
  await context.with(serving(span, metadata), () => mesh.receive(arrival));
  span.end();
  assert.equal(serverSpan().name, 'GET /theirs');
  assert.equal(metadata.route, '/theirs');
});

test('a server span of anybody else is joined as well; any other span is merely the parent', async () => {
  const { mesh } = await aMesh();
  for (const [kind, ours] of [
    [SpanKind.SERVER, 0],
    [SpanKind.INTERNAL, 1],
  ] as const) {
    exporter.reset();
    const span = trace.getTracer('other').startSpan('outer', { kind });
    await context.with(serving(span), () => mesh.receive(new FakeArrival('GET /', answers(200))));
    assert.equal(recorded().length, ours);
    if (ours > 0) assert.equal(serverSpan().parentSpanContext?.spanId, span.spanContext().spanId);
  }
});

test('a request that is ignored by the instrumentation is ignored by us', async () => {
  const { mesh } = await aMesh();
  const suppressed = context
    .active()
    .setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);
  await context.with(suppressed, () => mesh.receive(new FakeArrival('GET /', answers(200))));
  assert.equal(recorded().length, 0);
});
