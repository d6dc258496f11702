import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt, CallOptions } from '../../src/core/call.ts';
import { MeshError } from '../../src/core/errors.ts';
import { answer, refused, reset, script } from '../../src/testing/script.ts';
import { aMesh, THREE } from '../support/mesh.ts';

test('a call gives back the very thing that its client returned, whatever that is', async () => {
  const { mesh } = await aMesh();
  const order = { status: 'paid' };
  assert.equal(await mesh.call('orders', () => order), order);
  assert.equal(await mesh.call('orders', async () => undefined), undefined);
  // biome-ignore lint/suspicious/noThenProperty: it is the point of the test
  const thenable = { then: (resolve: (value: string) => void) => resolve('a promise of somebody else') };
  assert.equal(await mesh.call('orders', () => thenable as PromiseLike<string>), 'a promise of somebody else');
});

test('a call throws the very thing that its client threw on the last attempt', async () => {
  const { mesh, env } = await aMesh();
  const errors = [reset(), reset(), reset()];
  const { send } = script(env.clock, ...errors.map((error) => ({ error })));
  const outcome = mesh.call('orders', send, { idempotent: true }).catch((error: unknown) => error);
  await env.clock.advance(1_000);
  assert.equal(await outcome, errors[2]);
});

test('a client that throws at once fails like one that rejects', async () => {
  const { mesh } = await aMesh();
  const slip = new TypeError('undefined is not a function');
  await assert.rejects(
    mesh.call('orders', () => {
      throw slip;
    }),
    (error) => error === slip,
  );
});

test('each attempt has an endpoint, headers and a number of its own', async () => {
  const { mesh, env } = await aMesh();
  const attempts: Attempt[] = [];
  const outcome = mesh.call('orders', (attempt) => {
    attempts.push(attempt);
    throw refused();
  });
  const over = assert.rejects(outcome, { code: 'ECONNREFUSED' });
  await env.clock.advance(1_000);
  await over;
  assert.deepEqual(
    attempts.map(({ attempt }) => attempt),
    [1, 2, 3],
  );
  assert.deepEqual(new Set(attempts.map(({ url }) => url)), new Set(THREE));
  for (const { url, endpoint, timeoutMs, signal } of attempts) {
    assert.equal(endpoint.url, url);
    assert.ok(timeoutMs > 9_000 && timeoutMs <= 10_000);
    assert.equal(signal.aborted, false);
  }
  const [first, second, third] = attempts.map(({ headers }) => headers);
  assert.equal(new Set([first, second, third]).size, 3);
  assert.equal(new Set(attempts.map(({ headers }) => headers.traceparent!.split('-')[1])).size, 1);
  assert.equal(new Set(attempts.map(({ headers }) => headers.traceparent!.split('-')[2])).size, 3);
});

test('what may have been seen is tried again only when that does no harm', async () => {
  for (const [options, attempts] of [
    [{}, 1],
    [{ method: 'POST' }, 1],
    [{ method: 'PATCH' }, 1],
    [{ idempotent: true }, 3],
    [{ method: 'POST', idempotent: true }, 3],
    [{ method: 'POST', headers: { 'idempotency-key': '7' } }, 3],
    [{ method: 'GET' }, 3],
    [{ method: 'PUT' }, 3],
    [{ method: 'DELETE' }, 3],
    [{ method: 'GET', idempotent: false }, 1],
    [{ method: 'GET', replayable: false }, 1],
  ] as const) {
    const { mesh, env } = await aMesh();
    const { send, asked } = script(env.clock, { error: reset() });
    const over = assert.rejects(mesh.call('orders', send, options), { code: 'ECONNRESET' });
    await env.clock.advance(1_000);
    await over;
    assert.equal(asked.length, attempts, JSON.stringify(options));
  }
});

test('what was never sent is tried again whatever it is', async () => {
  const { mesh, env } = await aMesh();
  const { send, asked } = script(env.clock, { error: refused() }, { value: 'there' });
  const outcome = mesh.call('orders', send, { method: 'POST' });
  await env.clock.advance(1_000);
  assert.equal(await outcome, 'there');
  assert.equal(asked.length, 2);
});

test('the headers of the options go along with those of the mesh', async () => {
  const { mesh } = await aMesh();
  const headers = Object.freeze({ 'x-tenant': 'blue' });
  const sent = await mesh.call('orders', (attempt) => attempt.headers, { headers });
  assert.deepEqual(Object.keys(sent).sort(), ['traceparent', 'x-envoy-expected-rq-timeout-ms', 'x-tenant']);
  assert.equal(sent['x-tenant'], 'blue');
});

test('the caller may judge for itself', async () => {
  const { mesh, env, told } = await aMesh();
  const { send } = script(env.clock, { value: { ok: false } }, { value: { ok: true } });
  const outcome = mesh.call('orders', send, {
    idempotent: true,
    classify: (settled) => ('value' in settled && !(settled.value as { ok: boolean }).ok ? 'failure' : undefined),
  });
  await env.clock.advance(100);
  assert.deepEqual(await outcome, { ok: true });
  assert.deepEqual(
    told('attempt').map(({ outcome }) => outcome),
    ['failure', 'success'],
  );
});

test('the timeout of a call replaces that of the policy', async () => {
  const { mesh, env } = await aMesh();
  const { send } = script(env.clock, { never: true });
  const outcome = mesh.call('orders', send, { timeout: '80ms' }).catch((error: unknown) => error);
  await env.clock.advance(79);
  assert.equal(env.told.filter(({ type }) => type === 'call').length, 0);
  await env.clock.advance(1);
  const error = await outcome;
  assert.ok(MeshError.is(error));
  assert.deepEqual([error.code, error.reason, error.sent], ['DEADLINE_EXCEEDED', 'deadline', 'maybe']);
  assert.equal(error.message, 'orders: 80ms are up (DEADLINE_EXCEEDED: deadline)');
  assert.equal(env.clock.pending, 0);
});

test('what a call says of itself holds for it alone, however many others say otherwise, and over the policy in force', async () => {
  const { mesh } = await aMesh();
  const has = (options: CallOptions) => mesh.call('orders', async (attempt) => attempt.timeoutMs, options);
  for (const round of [1, 2]) {
    for (let ms = 10; ms < 110; ms++) assert.equal(await has({ timeout: `${ms * round}ms` }), ms * round);
  }
  const failing = (options: CallOptions) => {
    let attempts = 0;
    const send = async () => Promise.reject(Object.assign(new Error(`${++attempts}`), { code: 'ECONNREFUSED' }));
    return mesh.call('orders', send, options).catch((error: Error) => error.message);
  };
  assert.equal(await failing({ timeout: '10ms', strategy: 'failfast' }), '1');
  assert.equal(await has({ timeout: '10ms' }), 10);
  mesh.setPolicy({ defaults: { propagate: { deadline: 'off' }, deadline: { timeout: '3s' } } });
  assert.equal(await has({ timeout: '10ms' }), 10);
  assert.equal(await has({ strategy: 'failfast' }), 3_000);
  assert.equal(await has({}), 3_000);
  await mesh.close();
});

test('a client that does not listen to its signal is not waited for', async () => {
  const { mesh, env } = await aMesh();
  let aborted = false;
  const outcome = mesh.call('orders', ({ signal }) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise(() => {});
  });
  const over = assert.rejects(outcome, { reason: 'deadline' });
  await env.clock.advance(10_000);
  await over;
  assert.ok(aborted);
  assert.equal(
    mesh.snapshot().clusters[0]!.endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0),
    0,
  );
});

test('a call whose signal is aborted already asks nobody', async () => {
  const { mesh } = await aMesh();
  const cause = new Error('too late');
  let asked = 0;
  const outcome = mesh.call('orders', () => asked++, { signal: AbortSignal.abort(cause) });
  await assert.rejects(outcome, { code: 'CANCELLED', reason: 'caller', sent: 'no', cause });
  assert.equal(asked, 0);
});

test('the signal of the caller ends the call at once, and is not listened to afterwards', async () => {
  const { mesh, env, told } = await aMesh();
  const controller = new AbortController();
  const cause = new Error('the user left');
  const { send, asked } = script(env.clock, { never: true });
  const outcome = mesh.call('orders', send, { signal: controller.signal, idempotent: true });
  const over = assert.rejects(outcome, { code: 'CANCELLED', reason: 'caller', sent: 'maybe', cause });
  controller.abort(cause);
  await over;
  assert.equal(asked.length, 1);
  assert.equal(asked[0]!.attempt!.signal.aborted, true);
  assert.deepEqual(
    told('call').map(({ outcome }) => outcome),
    ['none'],
  );
  assert.equal(env.clock.pending, 0);
});

test('while it waits to try again the signal of the caller ends the call too', async () => {
  const { mesh, env } = await aMesh();
  const controller = new AbortController();
  const { send, asked } = script(env.clock, { value: answer(503, { 'retry-after': '2' }) });
  const outcome = mesh.call('orders', send, { signal: controller.signal, idempotent: true });
  const over = assert.rejects(outcome, { code: 'CANCELLED', reason: 'caller' });
  await env.clock.advance(1_000);
  controller.abort();
  await over;
  await env.clock.advance(10_000);
  assert.equal(asked.length, 1);
  assert.equal(env.clock.pending, 0);
});

test('an error tells of every attempt', async () => {
  const { mesh, env } = await aMesh();
  const { send } = script(env.clock, { error: refused() }, { never: true });
  const outcome = mesh.call('orders', send, { timeout: '1s' }).catch((error: unknown) => error);
  await env.clock.advance(1_000);
  const error = await outcome;
  assert.ok(MeshError.is(error));
  assert.deepEqual(
    error.attempts.map(({ attempt, why, sent, outcome }) => [attempt, why, sent, outcome]),
    [
      [1, 'ECONNREFUSED', 'no', 'failure'],
      [2, 'deadline', 'maybe', 'none'],
    ],
  );
  assert.equal(JSON.parse(JSON.stringify(error)).attempts.length, 2);
});

test('a service that nobody knows, and one without endpoints, are told apart', async () => {
  const { mesh } = await aMesh({
    registry: { fixed: { empty: [], resting: [{ url: 'http://10.0.0.1:1', weight: 0 }] } },
  });
  const facts = { code: 'UNAVAILABLE', reason: 'no-endpoints', sent: 'no', status: 503 };
  await assert.rejects(
    mesh.call('nowhere', () => 1),
    {
      ...facts,
      message: 'nowhere: not known in the registry (fixed) (UNAVAILABLE: no-endpoints)',
    },
  );
  await assert.rejects(
    mesh.call('empty', () => 1),
    {
      ...facts,
      message: 'empty: no endpoints (fixed) (UNAVAILABLE: no-endpoints)',
    },
  );
  await assert.rejects(
    mesh.call('resting', () => 1),
    {
      ...facts,
      message: 'resting: no endpoint takes calls, all 1 have weight 0 (UNAVAILABLE: no-endpoints)',
    },
  );
});

test('an answer that comes after the deadline is let go of, so that it holds no connection', async () => {
  const { mesh, env } = await aMesh();
  let dumped = 0;
  const body = { dump: async () => void dumped++ };
  const { send } = script(env.clock, { value: { ...answer(200), body }, ms: 200 });
  const over = assert.rejects(mesh.call('orders', send, { timeout: '100ms' }), { reason: 'deadline' });
  await env.clock.advance(300);
  await over;
  assert.equal(dumped, 1);
});
