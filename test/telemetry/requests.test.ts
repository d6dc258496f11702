import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { test } from 'node:test';
import type { MeshOptions } from '../../src/mesh/options.ts';
import type { RequestContext } from '../../src/server/request-context.ts';
import type { AccessLogOptions } from '../../src/telemetry/access-log.ts';
import { aMesh } from '../support/mesh.ts';
import { listenTo } from '../support/published.ts';
import { FakeArrival } from './arrival.ts';
import { FakeTarget } from './log-target.ts';

const FORMAT = '%DIRECTION% %RESPONSE_CODE% %RESPONSE_FLAGS% %DURATION%\n';

/** The lines of the log after one request has come in. */
async function logged(
  arrival: FakeArrival,
  log: AccessLogOptions = { format: FORMAT },
  options: Partial<MeshOptions> = {},
): Promise<string[]> {
  const to = new FakeTarget();
  const { mesh, env } = await aMesh({ telemetry: { accessLog: { ...log, to } }, ...options });
  const over = mesh.receive(arrival).catch(() => {});
  await env.clock.advance(50);
  await over;
  const closing = mesh.close();
  await env.clock.advance(10_000);
  await closing;
  assert.equal(env.clock.pending, 0);
  return to.lines;
}

const answers = (status: number) => (_: unknown, arrival: FakeArrival) => arrival.answer(status);

const untilLate = async ({ signal }: RequestContext, arrival: FakeArrival) => {
  await once(signal, 'abort');
  arrival.answer(504);
};

test('a request that came in has a line as Envoy would write it', async () => {
  const headers = { host: 'orders.example:8080', 'content-length': '5', authorization: 'secret' };
  const [line] = await logged(new FakeArrival('GET /orders/42?token=secret', answers(200), { headers }), {});
  assert.equal(
    line,
    '[2026-01-01T00:00:00.000Z] "GET /orders/42 HTTP/1.1" 200 - 5 17 0 - "-" "-" "-" "orders.example:8080" "-"',
  );
});

test('as JSON it has the same names as a call, and says that it came in', async () => {
  const arrival = new FakeArrival('GET /orders/42', (_, own) => {
    own.template = '/orders/:id';
    own.answer(404);
  });
  const [line] = await logged(arrival, { format: 'json' });
  const { start_time, trace_id, ...rest } = JSON.parse(line!);
  assert.match(trace_id, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    ...{ direction: 'inbound', method: 'GET', path: '/orders/42', protocol: 'HTTP/1.1', authority: null },
    ...{ response_code: 404, response_flags: null, bytes_received: null, bytes_sent: 17, duration: 0 },
    ...{ upstream_service_time: null, upstream_host: null, upstream_cluster: null },
    ...{ upstream_request_attempt_count: null, route_name: 'GET /orders/{id}' },
    ...{ x_forwarded_for: null, user_agent: null, request_id: null },
  });
});

test('why a request was not let in, or never answered, is said in letters', async () => {
  const late = { headers: { 'grpc-timeout': '0m' } };
  const strict: Partial<MeshOptions> = { policy: { defaults: { deadline: { refuse: 1 } } } };
  assert.deepEqual(await logged(new FakeArrival('GET /', answers(200), late), undefined, strict), ['inbound 504 DT 0']);
  const full: Partial<MeshOptions> = { policy: { defaults: { shed: { mode: 'enforce', limit: 0 } } } };
  assert.deepEqual(await logged(new FakeArrival('GET /', answers(200)), undefined, full), ['inbound 503 OM 0']);
  const gone = new FakeArrival('GET /', (_, arrival) => arrival.leave());
  assert.deepEqual(await logged(gone), ['inbound 0 DC 0']);
  const slow = new FakeArrival('GET /', untilLate, { headers: { 'grpc-timeout': '20m' } });
  assert.deepEqual(await logged(slow), ['inbound 504 DT 20']);
  assert.deepEqual(await logged(new FakeArrival('GET /', answers(500))), ['inbound 500 - 0']);
});

test('the log is of calls, of requests, or of both', async () => {
  for (const [of, lines] of [
    ['outbound', 0],
    ['inbound', 1],
    ['both', 1],
  ] as const) {
    assert.equal((await logged(new FakeArrival('GET /', answers(200)), { of })).length, lines);
  }
  await assert.rejects(aMesh({ telemetry: { accessLog: { of: 'none' as 'both' } } }), { reason: 'request' });
});

test('a request is traced around its handler, and the message says how it went', async (context) => {
  const steps = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
  const heard = listenTo(context, ...steps.map((step) => `tracing:inmesh:request:${step}`));
  const store = new AsyncLocalStorage<string>();
  const { start } = tracingChannel('inmesh:request');
  start.bindStore(store, () => 'inside');
  context.after(() => start.unbindStore(store));
  const { mesh } = await aMesh({ policy: { services: { checkout: { routes: { 'POST /pay/{id}': {} } } } } });
  let inside: string | undefined;
  await mesh.receive(
    new FakeArrival('POST /pay/7', (_, arrival) => {
      inside = store.getStore();
      arrival.answer(201);
    }),
  );
  assert.equal(inside, 'inside');
  assert.deepEqual(
    heard.map(({ name }) => name.split(':').at(-1)),
    ['start', 'asyncStart', 'asyncEnd', 'end'],
  );
  const { service, method, route, status, ms } = heard.at(-1)!.message;
  assert.deepEqual([service, method, route, status, ms], ['checkout', 'POST', 'POST /pay/{id}', 201, 0]);
});

test('a request that is refused is told as an error, once', async (context) => {
  const heard = listenTo(context, 'tracing:inmesh:request:error', 'tracing:inmesh:request:asyncEnd');
  const { mesh } = await aMesh({ policy: { defaults: { shed: { mode: 'enforce', limit: 0 } } } });
  assert.equal(await mesh.receive(new FakeArrival('GET /', answers(200))), 503);
  assert.equal(heard.length, 2);
  assert.equal((heard[0]!.message.error as { reason: string }).reason, 'shed');
});
