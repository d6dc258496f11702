import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import type { AccessLogOptions } from '../../src/telemetry/access-log.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeTarget } from './log-target.ts';

/** The lines that some calls of `orders` leave behind. */
async function linesOf(
  calls: (env: Awaited<ReturnType<typeof aMesh>>['env']) => readonly (readonly [Send<unknown>, CallOptions?])[],
  options: AccessLogOptions = {},
): Promise<string[]> {
  const to = new FakeTarget();
  const { mesh, env } = await aMesh({ telemetry: { accessLog: { ...options, to } } });
  for (const [send, of] of calls(env)) {
    const outcome = mesh.call('orders', send, of).catch(() => {});
    await env.clock.advance(100);
    await outcome;
  }
  const closing = mesh.close();
  await env.clock.advance(10_000);
  await closing;
  return to.lines;
}

test('a line looks as Envoy would write it', async () => {
  const [line] = await linesOf(({ clock }) => [
    [
      script(clock, { value: answer(200, { 'content-length': '17' }), ms: 12 }).send,
      { method: 'GET', path: '/orders/42' },
    ],
  ]);
  assert.match(
    line!,
    /^\[2026-01-01T00:00:00\.000Z\] "GET \/orders\/42 -" 200 - - 17 12 12 "-" "-" "-" "orders" "10\.0\.0\.\d:3000"$/,
  );
});

test('the line tells of the whole call, and of where its last attempt went', async () => {
  const [line] = await linesOf(
    ({ clock }) => [
      [script(clock, { error: refused(), ms: 1 }, { value: answer(204), ms: 5 }).send, { method: 'GET' }],
    ],
    {
      format:
        '%RESPONSE_CODE% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% %UPSTREAM_CLUSTER%\n',
    },
  );
  assert.equal(line, '204 2 5 orders');
});

test('as JSON the same is said with names, and what is not known is null', async () => {
  const [line] = await linesOf(({ clock }) => [[script(clock, { value: answer(500), ms: 3 }).send]], {
    format: 'json',
  });
  const { start_time, upstream_host, trace_id, ...rest } = JSON.parse(line!);
  assert.equal(start_time, '2026-01-01T00:00:00.000Z');
  assert.match(upstream_host, /^10\.0\.0\.\d:3000$/);
  assert.match(trace_id, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    ...{ direction: 'outbound', method: null, path: null, protocol: null, authority: 'orders', response_code: 500 },
    ...{ response_flags: null, bytes_received: null, bytes_sent: null },
    ...{ duration: 3, upstream_service_time: 3, upstream_cluster: 'orders', upstream_request_attempt_count: 1 },
    ...{ route_name: null, x_forwarded_for: null, user_agent: null, request_id: null },
  });
});

test('neither a query nor the value of a header is written, unless the header is named', async () => {
  const call = [
    () => ({ statusCode: 200, headers: { 'x-answer': 'answered', 'set-cookie': 'secret-cookie' } }),
    { path: '/a?token=secret', headers: { 'user-agent': 'secret-agent', 'x-request-id': 'r-1' } },
  ] as const;
  const format = '%REQ(:PATH)% %REQ(USER-AGENT)% %REQ(X-REQUEST-ID)% %RESP(X-ANSWER)% %RESP(SET-COOKIE)%\n';
  assert.deepEqual(await linesOf(() => [call], { format }), ['/a - - - -']);
  const headers = ['X-Request-Id', 'x-answer'];
  assert.deepEqual(await linesOf(() => [call], { format, headers }), ['/a - r-1 answered -']);
  const json = await linesOf(() => [call], { format: 'json' });
  assert.doesNotMatch(json.join(), /secret|r-1|answered/);
});

test('a header that is named is written also where a client of ours sends it', async () => {
  const to = new FakeTarget();
  const { mesh } = await aMesh({
    registry: { fixed: { orders: [] } },
    telemetry: { accessLog: { to, format: '%REQ(USER-AGENT)% %REQ(X-LIST)%\n', headers: ['user-agent', 'x-list'] } },
  });
  const headers = { 'User-Agent': 'shop/2', 'X-List': ['a', 'b'] };
  await assert.rejects(mesh.request('http://orders/', { headers }));
  await mesh.close();
  assert.deepEqual(to.lines, ['shop/2 a, b']);
});

const HOSTILE = '/a"\r\n[2026] "GET /forged\\ \u001b[31m\u0000\u007f é \u2028 \u{1f600} \ud800';

test('a hostile path stays on its line, within its quotes, and plain', async () => {
  for (const format of ['envoy', 'json']) {
    const lines = await linesOf(
      () => [
        [() => 1, { path: HOSTILE }],
        [() => 1, { path: `/${'x'.repeat(9_999)}` }],
      ],
      {
        format,
      },
    );
    assert.equal(lines.length, 2);
    assert.match(lines[0]!, /^[\x20-\x7e]+$/);
    assert.ok(lines[1]!.length < 3_000);
  }
  const [line] = await linesOf(() => [[() => 1, { path: HOSTILE }]], { format: '"%REQ(:PATH)%"\n' });
  assert.equal(
    line,
    '"/a\\x22\\x0d\\x0a[2026] \\x22GET /forged\\x5c \\x1b[31m\\x00\\x7f \\xe9 \\u{2028} \\u{1f600} \\u{d800}"',
  );
  const [json] = await linesOf(() => [[() => 1, { path: HOSTILE }]], { format: 'json' });
  assert.equal(JSON.parse(json!).path, HOSTILE);
});

test('the first of several fields that there is is taken, and cut to length', async () => {
  const format = '%REQ(X-NONE?:PATH):4% %REQ(:METHOD?:PATH)%\n';
  assert.deepEqual(await linesOf(() => [[() => 1, { path: '/orders' }]], { format }), ['/ord /orders']);
});

test('an operator that there is not is refused when the mesh is made', async () => {
  for (const format of ['%NOPE%', '%REQ%', '100%', '%START_TIME', '%DURATION(x)%', '%start_time%']) {
    await assert.rejects(aMesh({ telemetry: { accessLog: { format } } }), {
      reason: 'request',
      message: /^telemetry\.accessLog: there is no (such )?operator.*START_TIME/,
    });
  }
});

test('options that make no sense are refused, each with what there is', async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [null, /^telemetry must be an object, got null/],
    [{ acessLog: true }, /^telemetry: no such option 'acessLog'; there are accessLog/],
    [{ accessLog: 'xml' }, /^telemetry.accessLog must be a boolean, 'envoy', 'json' or/],
    [{ accessLog: { fromat: 'json' } }, /^telemetry.accessLog must be/],
    [{ accessLog: { to: {} } }, /^telemetry.accessLog must be/],
    [{ logger: { info() {} } }, /^telemetry.logger must be an object with debug, info, warn and error/],
  ];
  for (const [telemetry, message] of cases) {
    await assert.rejects(aMesh({ telemetry: telemetry as never }), { reason: 'request', message });
  }
});
