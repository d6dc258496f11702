import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, propagation, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AlwaysOffSampler, ParentBasedSampler, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import type { MeshOptions } from '../../src/mesh/options.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { parseTrace } from '../../src/wire/trace-context.ts';
import { aMesh } from '../support/mesh.ts';
import { recordedSpans } from '../support/recorded-spans.ts';

const exporter = recordedSpans();

const recorded = (): ReadableSpan[] => exporter.getFinishedSpans();
const callOf = (spans = recorded()): ReadableSpan => spans.find(({ kind }) => kind === SpanKind.INTERNAL)!;
const attemptsOf = (spans = recorded()): ReadableSpan[] => spans.filter(({ kind }) => kind === SpanKind.CLIENT);
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;
const INCOMING = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' };

async function tell(steps: Parameters<typeof script>[1][], options: Partial<MeshOptions> = {}) {
  const { mesh, env } = await aMesh(options);
  const { send, asked } = script<unknown>(env.clock, steps[0]!, ...steps.slice(1));
  const run = async (of?: Parameters<typeof mesh.call>[2]) => {
    const outcome = mesh.call('orders', send, of).catch(() => {});
    await env.clock.advance(20_000);
    await outcome;
  };
  return { mesh, env, asked, run };
}

test('a call is an internal span, and each attempt a client span in it, named as the conventions say', async () => {
  const { run } = await tell([{ error: refused() }, { value: answer(503) }, { value: answer(200) }]);
  await run({ method: 'GET', path: '/orders/42?token=secret#x', route: 'GET /orders/{id}' });
  const [call, attempts] = [callOf(), attemptsOf()];
  assert.equal(recorded().length, 4);
  assert.equal(call.name, 'mesh.call orders');
  assert.equal(call.parentSpanContext, undefined);
  assert.deepEqual(call.attributes, { 'inmesh.service': 'orders', 'inmesh.outcome': 'success', 'inmesh.attempts': 3 });
  assert.equal(call.status.code, SpanStatusCode.UNSET);
  assert.deepEqual(
    call.events.map(({ name, attributes }) => [name, attributes?.['inmesh.attempt'], attributes?.['inmesh.why']]),
    [
      ['inmesh.retry', 1, 'ECONNREFUSED'],
      ['inmesh.retry', 2, 'status 503'],
    ],
  );
  const ends = [
    { 'error.type': 'ECONNREFUSED' },
    { 'http.request.resend_count': 1, 'http.response.status_code': 503, 'error.type': '503' },
    { 'http.request.resend_count': 2, 'http.response.status_code': 200 },
  ];
  for (const [at, span] of attempts.entries()) {
    assert.equal(span.name, 'GET /orders/{id}');
    assert.equal(span.parentSpanContext?.spanId, idOf(call));
    const host = span.attributes['server.address'];
    assert.match(String(host), /^10\.0\.0\.[123]$/);
    const { 'inmesh.passed_over': passed, 'inmesh.waited_ms': waited, ...rest } = span.attributes;
    assert.match(String(passed), [/^undefined$/, /^1 already tried \(\S+\)$/, /^2 already tried \(\S+, \S+\)$/][at]!);
    assert.equal(Number(waited) > 0, at > 0, 'before a retry is waited');
    assert.deepEqual(rest, {
      'inmesh.service': 'orders',
      'server.address': host,
      'server.port': 3000,
      'http.request.method': 'GET',
      'url.full': `http://${host}:3000/orders/42`,
      'url.template': '/orders/{id}',
      ...ends[at],
    });
    assert.equal(span.status.code, at < 2 ? SpanStatusCode.ERROR : SpanStatusCode.UNSET);
  }
});

test('what is sent names the span of its attempt, once', async () => {
  const { run, asked } = await tell([{ error: refused() }, { value: 1 }]);
  await run();
  const sent = asked.map(({ attempt }) => parseTrace(attempt!.headers.traceparent)!);
  assert.deepEqual(
    sent.map(({ traceId, parentId, flags }) => [traceId, parentId, flags & TraceFlags.SAMPLED]),
    attemptsOf().map((span) => [span.spanContext().traceId, idOf(span), 1]),
  );
  for (const { attempt } of asked) {
    assert.equal(Object.keys(attempt!.headers).filter((name) => /traceparent/i.test(name)).length, 1);
  }
});

test('the span that is active is the parent', async () => {
  const { mesh } = await tell([{ value: 1 }]);
  const outer = trace.getTracer('app').startSpan('outer');
  await context.with(trace.setSpan(context.active(), outer), () =>
    mesh.within(INCOMING, () => mesh.call('orders', () => 1)),
  );
  assert.equal(callOf().parentSpanContext?.spanId, outer.spanContext().spanId);
  assert.equal(callOf().spanContext().traceId, outer.spanContext().traceId);
});

test('where none is active, the request being served is the parent, with its state', async () => {
  const { mesh } = await tell([{ value: 1 }]);
  let sent: Record<string, string> = {};
  await mesh.within(INCOMING, () => mesh.call('orders', ({ headers }) => (sent = headers)));
  const parent = callOf().parentSpanContext!;
  assert.deepEqual(
    [parent.traceId, parent.spanId, parent.isRemote],
    [...INCOMING.traceparent.split('-').slice(1, 3), true],
  );
  assert.equal(sent.tracestate, 'vendor=1');
});

test('the client sends where the span of the attempt is active, and its own instrumentation makes no second', async () => {
  const { mesh } = await tell([{ value: 1 }]);
  const active = await mesh.call('orders', async () => {
    const doubled = trace.getTracer('instrumentation').startSpan('GET', { kind: SpanKind.CLIENT });
    doubled.end();
    assert.equal(doubled.isRecording(), false);
    return trace.getActiveSpan()?.spanContext().spanId;
  });
  assert.equal(recorded().length, 2);
  assert.equal(active, idOf(attemptsOf()[0]!));
  trace.getTracer('app').startSpan('after').end();
  assert.equal(recorded().length, 3, 'what comes after the call is recorded again');
});

test('what goes along by OpenTelemetry’s own baggage goes along with the call, beside that of the request', async () => {
  const { mesh } = await tell([{ value: 1 }]);
  const theirs = { tenant: { value: 'a b' }, shop: { value: 'new' }, 'no token': { value: '1' } };
  const active = propagation.setBaggage(context.active(), propagation.createBaggage(theirs));
  let sent: Record<string, string> = {};
  await context.with(active, () =>
    mesh.within({ ...INCOMING, baggage: 'shop=old;p,user=7' }, () =>
      mesh.call('orders', (one) => (sent = one.headers)),
    ),
  );
  assert.equal(sent.baggage, 'shop=new,user=7,tenant=a%20b');
  await mesh.within({ ...INCOMING, baggage: 'user=7;p' }, () => mesh.call('orders', (one) => (sent = one.headers)));
  assert.equal(sent.baggage, 'user=7;p');
});

test('a call that is not sampled says so to the other side, and records nothing', async () => {
  const { mesh } = await tell([{ value: 1 }]);
  const unsampled = { traceparent: INCOMING.traceparent.replace(/01$/, '00') };
  let sent: Record<string, string> = {};
  await mesh.within(unsampled, () => mesh.call('orders', ({ headers }) => (sent = headers)));
  assert.equal(recorded().length, 0);
  const { traceId, flags } = parseTrace(sent.traceparent)!;
  assert.deepEqual([traceId, flags & TraceFlags.SAMPLED], [INCOMING.traceparent.split('-')[1], 0]);
});

test('a call that fails says why, in letters and in a word', async () => {
  const { run } = await tell([{ never: true }]);
  await run({ timeout: '1s', method: 'BREW' });
  const [call, attempt] = [callOf(), attemptsOf()[0]!];
  assert.equal(call.status.code, SpanStatusCode.ERROR);
  assert.equal(call.attributes['inmesh.response_flags'], 'DT');
  assert.equal(call.attributes['error.type'], 'deadline');
  assert.equal(attempt.name, 'HTTP');
  assert.equal(attempt.attributes['http.request.method'], '_OTHER');
  assert.equal(attempt.attributes['http.request.method_original'], 'BREW');
  assert.equal(attempt.attributes['error.type'], 'deadline');
  assert.equal(attempt.status.code, SpanStatusCode.ERROR);
});

test('the type of an error is one of few, whatever an error calls itself', async () => {
  const { run } = await tell([{ error: Object.assign(new Error(), { code: `E ${'x'.repeat(99)}\n` }) }]);
  await run();
  assert.equal(attemptsOf()[0]!.attributes['error.type'], '_OTHER');
});

test('switched off, nothing is recorded and trace context still travels', async () => {
  const { run, asked } = await tell([{ value: 1 }], { telemetry: { traces: false } });
  await run();
  assert.equal(recorded().length, 0);
  assert.ok(parseTrace(asked[0]!.attempt!.headers.traceparent));
});

test('a sampler that records nothing leaves the mesh with its trace', async () => {
  trace.disable();
  trace.setGlobalTracerProvider(
    new TracerProvider({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) }),
  );
  const { run, asked } = await tell([{ value: 1 }], { telemetry: { traces: true } });
  await run();
  assert.equal(parseTrace(asked[0]!.attempt!.headers.traceparent)!.flags & TraceFlags.SAMPLED, 0);
});
