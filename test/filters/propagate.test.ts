import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stacks } from '../../src/mesh/cluster.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { FakeRegistry, refused, seeded, testEnv } from '../../src/testing.ts';
import { parseTrace } from '../../src/wire/trace-context.ts';
import { aWorld, fail, give, hang, inTurn } from './world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const incoming = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };

test('a call made while serving a request goes on with its trace and its state, under a parent of its own', async () => {
  const world = aWorld({ random: seeded(1) });
  await world.mesh.within(incoming, () => world.outcome(give('ok')));
  const { headers } = world.seen[0]!.attempt;
  const trace = parseTrace(headers.traceparent)!;
  assert.equal(trace.traceId, TRACE);
  assert.notEqual(trace.parentId, PARENT);
  assert.equal(trace.flags, 1);
  assert.equal(headers.tracestate, 'vendor=1');
});

test('each attempt is a parent of its own in one trace', async () => {
  const world = aWorld({ random: seeded(1) });
  await world.outcome(fail(refused()));
  const traces = world.seen.map(({ attempt }) => parseTrace(attempt.headers.traceparent)!);
  assert.equal(traces.length, 3);
  assert.equal(new Set(traces.map(({ traceId }) => traceId)).size, 1);
  assert.equal(new Set(traces.map(({ parentId }) => parentId)).size, 3);
});

test('a traceparent of the caller’s own is left alone', async () => {
  const world = aWorld();
  const own = `00-${TRACE}-${PARENT}-00`;
  await world.outcome(give('ok'), { headers: { traceparent: own } });
  assert.equal(world.seen[0]!.attempt.headers.traceparent, own);
  assert.equal(world.seen[0]!.attempt.headers.tracestate, undefined);
});

test('hostile headers of a request count as absent', async () => {
  const world = aWorld({ random: seeded(1) });
  const hostile = {
    traceparent: 'zz',
    tracestate: 'x',
    'grpc-timeout': '-1m',
    'x-envoy-expected-rq-timeout-ms': '1e9',
  };
  await world.mesh.within(hostile, () => world.outcome(give('ok')));
  const { headers } = world.seen[0]!.attempt;
  assert.ok(parseTrace(headers.traceparent));
  assert.equal(headers['x-envoy-expected-rq-timeout-ms'], '10000');
});

test('the time that is left travels as Envoy says it, and shrinks with each attempt', async () => {
  const world = aWorld();
  await world.outcome(fail(refused()));
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.headers['x-envoy-expected-rq-timeout-ms']),
    ['10000', '9987', '9962'],
  );
});

test('the time that is left travels as gRPC says it, where the policy wants that', async () => {
  const world = aWorld({ policy: { propagate: { deadline: 'grpc' } } });
  await world.outcome(give('ok'));
  const { headers } = world.seen[0]!.attempt;
  assert.equal(headers['grpc-timeout'], '10000m');
  assert.equal(headers['x-envoy-expected-rq-timeout-ms'], undefined);
});

test('the other side has no more than this attempt has', async () => {
  const world = aWorld({ policy: { attempt: { timeout: '300ms' } } });
  await world.outcome(inTurn(hang, give('ok')), { method: 'GET' });
  assert.equal(world.seen[0]!.attempt.headers['x-envoy-expected-rq-timeout-ms'], '300');
});

test('a deadline that was inherited goes on, and never grows', async () => {
  const world = aWorld();
  await world.mesh.within({ 'x-envoy-expected-rq-timeout-ms': '500' }, async () => {
    await world.env.clock.advance(123.4);
    await world.outcome(give('ok'));
  });
  assert.equal(world.seen[0]!.attempt.headers['x-envoy-expected-rq-timeout-ms'], '376');
});

test('off sends no deadline', async () => {
  const world = aWorld({ policy: { propagate: { deadline: 'off' } } });
  await world.outcome(give('ok'));
  const names = Object.keys(world.seen[0]!.attempt.headers);
  assert.deepEqual(names, ['traceparent']);
});

test('each attempt has headers of its own, and the caller’s are never written to', async () => {
  const world = aWorld();
  const own = Object.freeze({ 'x-mine': '1' });
  await world.outcome(
    (attempt) => {
      attempt.headers['x-added'] = `${attempt.attempt}`;
      return Promise.reject(refused());
    },
    { headers: own },
  );
  assert.deepEqual(own, { 'x-mine': '1' });
  const sent = world.seen.map(({ attempt }) => attempt.headers);
  assert.equal(new Set(sent).size, 3);
  assert.deepEqual(
    sent.map((headers) => [headers['x-mine'], headers['x-added']]),
    [
      ['1', '1'],
      ['1', '2'],
      ['1', '3'],
    ],
  );
});

test('headers and ids are made when a client asks for them, once for each attempt; for one that asks for none, none are', async () => {
  const { next, bits, below } = seeded(1);
  let drawn = 0;
  const counted = (): number => {
    drawn++;
    return bits();
  };
  const world = aWorld({ random: { next, bits: counted, below } });
  await world.mesh.call('orders', () => 'the first, for which the service is opened');
  const before = drawn;
  assert.equal(await world.mesh.call('orders', () => 'asked for nothing'), 'asked for nothing');
  assert.equal(drawn, before);
  const seen = await world.mesh.call('orders', async (attempt) => attempt);
  await world.env.clock.advance(60_000);
  const { headers } = seen;
  assert.ok(parseTrace(headers.traceparent), 'also when the attempt is long over');
  assert.equal(headers['x-envoy-expected-rq-timeout-ms'], '10000', 'as it was when the attempt began');
  assert.equal(seen.headers, headers);
  assert.ok(drawn > before);
});

test('a filter behind propagate meets the headers as they are sent, and may change them', async () => {
  const stacks: Stacks = {
    endpoint: (stack) =>
      stack.after('propagate', {
        name: 'mine',
        filter: (next) => (call, context) => {
          const { traceparent } = call.headers;
          return next({ ...call, headers: { ...call.headers, 'x-copy': traceparent! } }, context);
        },
      }),
  };
  const registry = new FakeRegistry().set('orders', ['http://a:1']);
  const mesh = new Mesh('checkout', testEnv(), registry.client(), new PolicySet(), stacks);
  const headers = await mesh.call('orders', (attempt) => ({ ...attempt.headers }));
  assert.ok(parseTrace(headers.traceparent));
  assert.equal(headers['x-copy'], headers.traceparent);
  await mesh.close();
});
