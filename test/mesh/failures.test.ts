import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/core/call.ts';
import type { FailedCall } from '../../src/core/failures.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { answer, refused, script } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

const failuresOf = (mesh: Mesh): readonly FailedCall[] =>
  mesh.snapshot().clusters.find(({ service }) => service === 'orders')!.failures;

test('the last calls that failed are remembered with their attempts, by route and trace, without path and headers', async () => {
  const { mesh, env } = await aMesh({
    policy: { defaults: { deadline: { timeout: '800ms' }, outlier: { failures: 0 } } },
  });
  const { send } = script<unknown>(
    env.clock,
    { error: refused(), ms: 2 },
    { value: answer(503), ms: 3 },
    { error: refused(), ms: 1 },
  );
  const options = {
    method: 'GET',
    path: '/orders/s3cret?s3cret',
    route: 'GET /orders/{id}',
    headers: { cookie: 's3cret' },
  };
  let parent = '';
  const asks = (attempt: Attempt) => {
    parent = attempt.headers.traceparent ?? '';
    return send(attempt);
  };
  const failed = assert.rejects(mesh.call('orders', asks, options));
  await env.clock.advance(500);
  await failed;
  const late = assert.rejects(mesh.call('orders', () => new Promise(() => {})));
  await env.clock.advance(800);
  await late;
  await mesh.call('orders', () => answer(500)); // an answer, and a bad one
  const [bad, second, first] = failuresOf(mesh);
  assert.deepEqual([bad!.why, bad!.reason, bad!.attempts.length], ['status 500', null, 1]);
  assert.deepEqual([second!.reason, second!.ms, second!.deadlineMs, second!.route], ['deadline', 800, 800, null]);
  assert.deepEqual(
    [first!.why, first!.route, first!.attempts.map(({ why }) => why)],
    ['ECONNREFUSED', 'GET /orders/{id}', ['ECONNREFUSED', 'status 503', 'ECONNREFUSED']],
  );
  assert.equal(first!.traceId, parent.split('-')[1]);
  assert.equal(second!.traceId, null, 'its client sends no headers of ours, and so no trace was begun');
  const text = mesh.explain('orders');
  assert.match(text, /^ {4}failed 0 s ago: deadline, after 800 ms: 10\.0\.0\.\d:3000 deadline$/m);
  assert.match(
    text,
    /^ {4}failed 1 s ago: GET \/orders\/\{id\}, ECONNREFUSED, after \d+ ms: \S+ ECONNREFUSED, \S+ status 503, \S+ ECONNREFUSED, trace/m,
  );
  assert.doesNotMatch(text + JSON.stringify(mesh.snapshot()), /s3cret/);
  await mesh.close();
});

test('calls that are well, given up by their callers or refused untried are not among them, and there are never many', async () => {
  const { mesh } = await aMesh({
    policy: {
      services: {
        orders: { outlier: { failures: 0 }, routes: { few: { quota: { calls: [{ rate: '1/m', burst: 1 }] } } } },
      },
    },
  });
  await mesh.call('orders', () => answer(200), { route: 'few' });
  await mesh.call('orders', () => answer(404));
  await assert.rejects(
    mesh.call('orders', () => answer(200), { route: 'few' }),
    { reason: 'quota' },
  );
  const stop = new AbortController();
  const given = assert.rejects(mesh.call('orders', () => new Promise(() => {}), { signal: stop.signal }));
  stop.abort();
  await given;
  const fallback = () => 'instead';
  assert.equal(
    await mesh.call('orders', () => Promise.reject(new TypeError('slip')), { fallback }).catch(() => ''),
    '',
  );
  assert.deepEqual(
    failuresOf(mesh).filter(({ why }) => why !== 'TypeError'),
    [],
  );
  for (let n = 0; n < 50; n++) await mesh.call('orders', () => answer(500), { route: `r${n}` });
  assert.deepEqual(
    failuresOf(mesh).map(({ route }) => route),
    Array.from({ length: 16 }, (_, n) => `r${49 - n}`),
  );
  assert.ok(mesh.explain('orders').match(/^ {4}failed /gm)!.length <= 4);
  await mesh.close();
});
