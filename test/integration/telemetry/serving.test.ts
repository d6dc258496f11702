import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, beforeEach, suite, test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import express from 'express';
import { LiveValue } from '../../../src/core/live.ts';
import { FakeRegistry } from '../../../src/testing/fake-registry.ts';
import { until } from '../../support/until.ts';
import { FakeTarget } from '../../telemetry/log-target.ts';
import { expressApp } from '../server/express-app.ts';
import { fastifyApp } from '../server/fastify-app.ts';
import { honoApp } from '../server/hono-app.ts';
import { koaApp } from '../server/koa-app.ts';
import { node } from '../server/node-app.ts';
import { aServer, type Build } from '../server/world.ts';

const APPLICATIONS: Readonly<Record<string, readonly [Build, string | undefined]>> = {
  'node:http': [node, undefined],
  express: [expressApp(express), '/orders/{id}'],
  fastify: [fastifyApp, '/orders/{id}'],
  koa: [koaApp, '/orders/{id}'],
  hono: [honoApp, '/orders/{id}'],
};
const FORMAT = '%DIRECTION% %REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL% %RESPONSE_CODE% %RESPONSE_FLAGS%\n';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

const ended = new LiveValue<readonly ReadableSpan[]>([]);
const keeping: SpanProcessor = {
  onStart: () => {},
  onEnd: (span) => ended.set([...ended.value, span]),
  forceFlush: async () => {},
  shutdown: async () => {},
};
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [keeping] }));
const instrumentation = new HttpInstrumentation({ enabled: false });
beforeEach(() => ended.set([]));
after(() => {
  instrumentation.disable();
  trace.disable();
  context.disable();
});

const ofServers = (spans: readonly ReadableSpan[]) => spans.filter(({ kind }) => kind === SpanKind.SERVER);
const serverSpans = async () => ofServers(await until(ended, (spans) => ofServers(spans).length > 0));

for (const [name, [build, route]] of Object.entries(APPLICATIONS)) {
  suite(name, () => {
    test('a request over a real socket is one server span with its route, and one line', async (t) => {
      const to = new FakeTarget();
      const { url, mesh } = await aServer(t, build, { telemetry: { accessLog: { to, format: FORMAT } } });
      await (await fetch(`${url}/orders/7?token=secret`, { headers })).arrayBuffer();
      const [span, ...others] = await serverSpans();
      assert.equal(others.length, 0);
      assert.equal(span!.name, route === undefined ? 'GET' : `GET ${route}`);
      assert.equal(span!.spanContext().traceId, TRACE);
      const { attributes } = span!;
      assert.equal(attributes['http.route'], route);
      assert.equal(attributes['url.path'], '/orders/7');
      assert.equal(attributes['server.address'], '127.0.0.1');
      assert.equal(String(attributes['server.port']), new URL(url).port);
      assert.equal(attributes['http.response.status_code'], 200);
      assert.equal(attributes['network.protocol.version'], '1.1');
      assert.match(String(attributes['client.address']), /127\.0\.0\.1$/);
      await mesh.close({ drainMs: 0 });
      assert.deepEqual(to.lines, ['inbound GET /orders/7 HTTP/1.1 200 -']);
    });

    test('a handler that throws is a server span that failed', async (t) => {
      const { url } = await aServer(t, build);
      assert.equal((await fetch(`${url}/throw`)).status, 500);
      const { attributes } = (await serverSpans())[0]!;
      assert.deepEqual([attributes['http.response.status_code'], attributes['error.type']], [500, '500']);
    });

    test('who hangs up leaves a span and a line that say so', async (t) => {
      const to = new FakeTarget();
      const { url, mesh, waiting } = await aServer(t, build, { telemetry: { accessLog: { to, format: FORMAT } } });
      const caller = new AbortController();
      const asking = fetch(`${url}/wait`, { signal: caller.signal }).catch(() => {});
      await waiting;
      caller.abort();
      await asking;
      assert.equal((await serverSpans())[0]!.attributes['error.type'], 'caller');
      await mesh.close({ drainMs: 0 });
      assert.deepEqual(to.lines, ['inbound GET /wait HTTP/1.1 0 DC']);
    });

    test("beside OpenTelemetry's own instrumentation of http there is one server span, and it has the route", async (t) => {
      instrumentation.enable();
      createRequire(import.meta.url)('http'); // is patched when it is asked for
      t.after(() => instrumentation.disable());
      const { url } = await aServer(t, build);
      await (await fetch(`${url}/orders/7`, { headers })).arrayBuffer();
      const [span, ...others] = await serverSpans();
      assert.equal(others.length, 0);
      assert.match(span!.instrumentationScope.name, /instrumentation-http$/);
      assert.equal(span!.name, route === undefined ? 'GET' : `GET ${route}`);
      assert.equal(span!.attributes['http.route'], route);
    });
  });
}

test('who watches over the process is no traffic: probes of health make neither a span nor a line', async (t) => {
  const to = new FakeTarget();
  const { url, mesh } = await aServer(
    t,
    async (own, doings) => {
      const server = await node(own, doings);
      await own.serve(server, { bind: '127.0.0.1', health: true });
      return server;
    },
    { registry: new FakeRegistry(), telemetry: { accessLog: { to } } },
  );
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  await mesh.close({ drainMs: 0 });
  assert.deepEqual([to.lines, ended.value], [[], []]);
});
