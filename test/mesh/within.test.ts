import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

type IncomingHeaders = Parameters<Mesh['within']>[0];

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const LEFT = 'x-envoy-expected-rq-timeout-ms';

const headersOfACall = (mesh: Mesh, service = 'orders'): Promise<Record<string, string>> =>
  mesh.call(service, ({ headers }) => headers);

test('calls made inside go on with the trace of the request, each with a parent of its own', async () => {
  const { mesh } = await aMesh();
  const [one, two] = await mesh.within({ traceparent: PARENT, tracestate: 'vendor=1' }, () =>
    Promise.all([headersOfACall(mesh), headersOfACall(mesh, 'stock')]),
  );
  for (const { traceparent, tracestate } of [one, two]) {
    assert.match(traceparent!, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    assert.notEqual(traceparent, PARENT);
    assert.equal(tracestate, 'vendor=1');
  }
  assert.notEqual(one.traceparent, two.traceparent);
});

test('calls made inside end when the time of the request is up, or before', async () => {
  for (const [headers, own, ms] of [
    [{ [LEFT]: '700' }, '2s', 700],
    [{ [LEFT]: '7000' }, '2s', 2_000],
    [{ 'grpc-timeout': '300m' }, '2s', 300],
    [{ 'grpc-timeout': '1S', [LEFT]: '400' }, '2s', 400],
    [{}, '2s', 2_000],
  ] as const) {
    const { mesh, env, told } = await aMesh({ policy: { defaults: { deadline: { timeout: own } } } });
    const { send } = script(env.clock, { never: true });
    const over = assert.rejects(
      mesh.within(headers as IncomingHeaders, () => mesh.call('orders', send)),
      {
        reason: 'deadline',
      },
    );
    await env.clock.advance(10_000);
    await over;
    assert.deepEqual(
      told('call').map(({ ms }) => ms),
      [ms],
      JSON.stringify(headers),
    );
    assert.equal(env.clock.pending, 0);
  }
});

test('the time that passes while a request is served is no longer there for its calls', async () => {
  const { mesh, env } = await aMesh();
  await mesh.within({ [LEFT]: '1000' }, async () => {
    await new Promise<void>((resolve) => {
      env.clock.schedule(400, resolve);
      void env.clock.advance(400);
    });
    assert.equal((await headersOfACall(mesh))[LEFT], '600');
  });
});

test('a call made when the time is up sends nothing', async () => {
  const { mesh, env } = await aMesh();
  let asked = 0;
  await mesh.within({ 'grpc-timeout': '0m' }, () =>
    assert.rejects(
      mesh.call('orders', () => asked++),
      { code: 'DEADLINE_EXCEEDED', reason: 'deadline', sent: 'no' },
    ),
  );
  assert.equal(asked, 0);
  assert.equal(env.clock.pending, 0);
});

test('a policy may say that the time of the request is not inherited', async () => {
  const { mesh } = await aMesh({ policy: { services: { orders: { deadline: { inherit: false } } } } });
  const [orders, stock] = await mesh.within({ [LEFT]: '100' }, () =>
    Promise.all([headersOfACall(mesh), headersOfACall(mesh, 'stock')]),
  );
  assert.equal(orders[LEFT], '10000');
  assert.equal(stock[LEFT], '100');
});

test('a timeout of the call does not outlive the request either', async () => {
  const { mesh } = await aMesh();
  const headers = await mesh.within({ [LEFT]: '100' }, () =>
    mesh.call('orders', (attempt) => attempt.headers, { timeout: '5s' }),
  );
  assert.equal(headers[LEFT], '100');
});

test('hostile headers count as absent', async () => {
  for (const headers of [
    { traceparent: 'x'.repeat(100_000), [LEFT]: '-1' },
    { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, [LEFT]: '1e3' },
    { traceparent: [PARENT, PARENT], [LEFT]: ['5', '6'] },
    { traceparent: `ff-${TRACE}-b7ad6b7169203331-01`, [LEFT]: 'NaN' },
    { traceparent: PARENT.toUpperCase(), [LEFT]: '99999999999999999999' },
    { traceparent: `${PARENT}\r\nx-evil: 1`, 'grpc-timeout': '123456789S' },
    { traceparent: '', 'grpc-timeout': '5 s' },
    { toString: 'hello', get: 'not a function' },
  ] as IncomingHeaders[]) {
    const { mesh } = await aMesh();
    const sent = await mesh.within(headers, () => headersOfACall(mesh));
    assert.match(sent.traceparent!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
    assert.equal(sent.traceparent!.includes(TRACE), false);
    assert.equal(sent.tracestate, undefined);
    assert.equal(sent[LEFT], '10000', JSON.stringify(headers).slice(0, 100));
  }
});

test('the headers may be those of node:http, a Headers object, or a plain object', async () => {
  const { mesh } = await aMesh();
  for (const headers of [
    { traceparent: PARENT, [LEFT]: '500', 'set-cookie': ['a', 'b'] },
    new Headers({ traceparent: PARENT, [LEFT]: '500' }),
    new Map([
      ['traceparent', PARENT],
      [LEFT, '500'],
    ]) as unknown as IncomingHeaders,
  ]) {
    const sent = await mesh.within(headers, () => headersOfACall(mesh));
    assert.ok(sent.traceparent!.includes(TRACE));
    assert.equal(sent[LEFT], '500');
  }
});

test('what is inherited stays among those who serve that request', async () => {
  const { mesh } = await aMesh();
  const other = TRACE.replace('0', '1');
  const [one, two] = await Promise.all([
    mesh.within({ traceparent: PARENT }, () => headersOfACall(mesh)),
    mesh.within({ traceparent: PARENT.replace(TRACE, other) }, () => headersOfACall(mesh)),
  ]);
  assert.ok(one.traceparent!.includes(TRACE));
  assert.ok(two.traceparent!.includes(other));
  const outside = await headersOfACall(mesh);
  assert.ok(!outside.traceparent!.includes(TRACE));
});

test('within gives back what its work gives back, and throws what it throws', async () => {
  const { mesh } = await aMesh();
  assert.equal(
    mesh.within({}, () => 7),
    7,
  );
  const error = new Error('mine');
  assert.throws(
    () =>
      mesh.within({}, () => {
        throw error;
      }),
    (thrown) => thrown === error,
  );
});

test('baggage of the request goes along with the calls made inside, unless a call has its own or the policy says no', async () => {
  const { mesh } = await aMesh({
    policy: { services: { stock: { propagate: { baggage: false } } } },
  });
  const [orders, stock, own] = await mesh.within({ baggage: 'user.id=7, bad member, b=2;p' }, () =>
    Promise.all([
      headersOfACall(mesh),
      headersOfACall(mesh, 'stock'),
      mesh.call('orders', ({ headers }) => headers, { headers: { baggage: 'mine=1' } }),
    ]),
  );
  assert.equal(orders.baggage, 'user.id=7,b=2;p');
  assert.equal(stock.baggage, undefined);
  assert.equal(own.baggage, 'mine=1');
  assert.equal((await headersOfACall(mesh)).baggage, undefined);
});

test('the priority that came in baggage goes on as it came', async () => {
  const { mesh } = await aMesh();
  for (const baggage of ['inmesh.priority=critical', 'a=1,inmesh.priority=sheddable', 'inmesh.priority=whatever']) {
    const { baggage: sent } = await mesh.within({ baggage }, () => headersOfACall(mesh));
    assert.equal(sent, baggage);
  }
});

test('a request id goes along, unless a call has its own; a hostile one does not', async () => {
  const { mesh } = await aMesh();
  const sent = (id: string, own?: string) =>
    mesh.within({ 'x-request-id': id }, () =>
      mesh.call('orders', ({ headers }) => headers['x-request-id'], {
        headers: own === undefined ? {} : { 'x-request-id': own },
      }),
    );
  assert.equal(await sent('7b-42'), '7b-42');
  assert.equal(await sent('7b-42', 'mine'), 'mine');
  assert.equal(await sent('two words'), undefined);
  assert.equal(await sent('x'.repeat(129)), undefined);
});

const SPAN = 'b7ad6b7169203331';
const B3_HEADERS = { b3: `${TRACE}-${SPAN}-1` };
const B3_MULTI_HEADERS = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '0' };

test('traces travel in the formats that the policy names: read in their order, all of them sent', async () => {
  const OTHER = 'f'.repeat(32);
  for (const [formats, came, traceId, names] of [
    [['w3c'], B3_HEADERS, undefined, ['traceparent']],
    [['b3'], B3_HEADERS, TRACE, ['b3']],
    [['b3-multi'], B3_MULTI_HEADERS, TRACE, ['x-b3-sampled', 'x-b3-spanid', 'x-b3-traceid']],
    [['w3c', 'b3'], B3_HEADERS, TRACE, ['b3', 'traceparent']],
    [['w3c', 'b3'], { ...B3_HEADERS, traceparent: `00-${OTHER}-${SPAN}-01` }, OTHER, ['b3', 'traceparent']],
    [['b3', 'w3c'], { ...B3_HEADERS, traceparent: `00-${OTHER}-${SPAN}-01` }, TRACE, ['b3', 'traceparent']],
    [['b3', 'w3c'], { b3: '1', traceparent: `00-${OTHER}-${SPAN}-01` }, OTHER, ['b3', 'traceparent']],
  ] as const) {
    const { mesh } = await aMesh({ policy: { defaults: { trace: { formats } } } });
    const sent = await mesh.within(came, () => headersOfACall(mesh));
    const traces = Object.keys(sent).filter((name) => /^(?:traceparent|b3|x-b3-.*)$/.test(name));
    assert.deepEqual(traces.sort(), names);
    const said = sent.traceparent?.slice(3, 35) ?? sent.b3?.slice(0, 32) ?? sent['x-b3-traceid'];
    if (traceId === undefined) assert.notEqual(said, TRACE);
    else assert.equal(said, traceId);
    if (sent.traceparent && sent.b3) assert.equal(sent.traceparent.slice(3, 52), sent.b3.slice(0, 49));
  }
});
