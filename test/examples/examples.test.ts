import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { node, root } from '../../scripts/run.ts';
import { type OtlpReceiver, receiveOtlp } from '../support/otlp.ts';

const LONGEST_MS = 60_000; // an example that does not end by itself has left something open
const LONGEST_LINES = 60;

/** What each example prints. */
const printed: Readonly<Record<string, RegExp>> = {
  'ask-why': lines(
    'GET /orders/{id}: status 500 from the sick one, policy',
    'it has 5000 ms, and would go to the well one',
    'the other: ejected',
    'orders GET /orders/42 in fixed: goes to an endpoint',
    '    route GET /orders/{id}, priority default, no key, idempotent: GET is',
    '',
    '    trace        begins a trace',
    '    deadline     5s for all of it, as the policy says',
    '    retry        tried again after any failure that the policy names (…); 3 attempts at most, … retries left',
    '    balance      round-robin: only one can take it',
    '      an endpoint        100 %   weight 1, … ms, 0 in flight',
    '      an endpoint            -   not picked: out for another … after 1 failure in a row',
    '    outlier      one failure leaves an endpoint out for 30s',
    '    attempt      all the time that the call has, 1s to connect',
    '    propagate    the trace, the deadline (envoy) go along',
    '',
    '    with nothing to do: strategy (failover), fallback, …',
  ),
  'graceful-shutdown': lines('asked to end', 'drained', 'stopped', 'closed', 'the process ends by itself'),
  'policy-file': lines(
    '/orders/42: at last',
    'another policy is in force',
    '/orders/42: at last',
    '/orders/42: orders: 150ms are up (DEADLINE_EXCEEDED: deadline)',
    '/reports/2026: at last',
    'refused: services.orders.deadline.timout: no such field; there are timeout, inherit… (INVALID_ARGUMENT: policy)',
    '/orders/42: orders: 150ms are up (DEADLINE_EXCEEDED: deadline)',
    "…deadline     timeout 20s (services.orders.routes['GET /reports/{year}']), inherit true…",
  ),
  'quick-start': lines('you asked for /orders/42'),
  'simulate-a-policy':
    /^second {2}ours: failed {2}p99 {6}in turn: failed {2}p99\n(?: +\d+ +\d+ +\d+ ms +\d+ +\d+ ms\n){5,6}$/,
  'three-hops':
    /^orders › stock › three in store\ntraces: 1\ntime left at each hop falls: true\norders: .*\d+ms are up \(DEADLINE_EXCEEDED: deadline\)\n$/,
  'with-axios': lines(
    "{ path: '/orders/1?currency=EUR', customer: 'ada' }",
    "{ path: '/orders/2?currency=EUR', customer: 'ada' }",
    "{ path: '/orders/3?currency=EUR', customer: 'ada' }",
    "{ path: '/orders/4?currency=EUR', customer: 'ada' }",
    'an axios error, as ever: 404',
  ),
  'with-express': lines("{ id: '42', item: { id: '7', route: 'GET /items/{id}', inTime: true } }", '503'),
  'with-fetch': lines(
    "{ did: 'GET /orders/42' }",
    "{ did: 'POST /orders' }",
    'UNAVAILABLE, no-endpoints: no-such-service: not known in the registry (fixed) (UNAVAILABLE: no-endpoints)',
  ),
  'with-opentelemetry': lines('orders › three in store', 'all is told'),
  'with-prometheus': lines(
    'http_client_request_duration_count{http_request_method="GET",server_address="orders",server_port="80",http_response_status_code="200",otel_scope_name="inmesh",service_name="checkout"} 1',
    'inmesh_picks_total{inmesh_service="orders",otel_scope_name="inmesh",service_name="checkout"} 1',
  ),
  'with-tokens': lines('200 hello checkout', 'checkout: DELETE, no', '403', 'somebody: GET, no', '403'),
  'writing-a-filter': /^with the filter: 200\nwithout it: 401\n *\d+ {2}signed\n *\d+ {2}retry +attempts 3,.*\n$/,
};

/** A line that each of these prints once, sooner or later: which of two things comes first is chance. */
const sometime: Readonly<Record<string, string>> = {
  'graceful-shutdown': 'answered /orders/42\n',
  'with-axios': 'tried again elsewhere: ECONNREFUSED\n',
};

/** These lines and no others; `…` stands for whatever comes in the same line, such as settings that come to be. */
function lines(...text: string[]): RegExp {
  const escaped = text.map((line) => line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*'));
  return new RegExp(`^${escaped.join('\n')}\n$`);
}

let folder: string;
let receiver: OtlpReceiver;
before(async () => {
  receiver = await receiveOtlp(); // for who sends what OpenTelemetry has recorded
  folder = await mkdtemp(join(tmpdir(), 'inmesh-examples-')); // their `local:` is nobody else's
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
  await receiver[Symbol.asyncDispose]();
});

for (const [name, output] of Object.entries(printed)) {
  test(`the example ${name} runs, prints what it should, and ends by itself`, async () => {
    const flags = ['--import', './test/docs/self.ts', '--unhandled-rejections=strict'];
    const file = `examples/${name}.ts`;
    const env = { TMPDIR: folder, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const ended = await node([...flags, file], { cwd: root, env, longestMs: LONGEST_MS });
    assert.equal(ended.code, 0, ended.output);
    const line = sometime[name];
    if (line !== undefined) assert.equal(ended.output.split(line).length, 2, ended.output);
    assert.match(ended.output.replace(line ?? '', ''), output);
  });
}

test('every example is run by a test', () => {
  const there = globSync('*.ts', { cwd: join(root, 'examples') }).map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(Object.keys(printed), there.sort());
});

test('every example says on top what it shows, imports the package as a user does, and is short', async () => {
  for (const name of Object.keys(printed)) {
    const code = await readFile(join(root, 'examples', `${name}.ts`), 'utf8');
    assert.match(code, /^\/\/ [A-Z].*\.\n/i, name);
    assert.match(code, / from 'inmesh(?:\/testing)?';\n/, name);
    assert.doesNotMatch(code, /\.\.\//, name);
    assert.ok(code.split('\n').length <= LONGEST_LINES, name);
  }
});

test('the quick start has at most fifteen lines', async () => {
  const code = await readFile(join(root, 'examples', 'quick-start.ts'), 'utf8');
  assert.ok(code.trimEnd().split('\n').length <= 15);
});
