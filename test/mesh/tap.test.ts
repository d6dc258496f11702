import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/core/call.ts';
import { REDACTED, type TappedCall } from '../../src/core/tapped.ts';
import { answer, refused, script } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';
import { unheardIn } from '../support/unheard.ts';

const well = () => answer(200);

/** Takes what has come so far. */
async function taken(tap: AsyncIterableIterator<TappedCall, undefined>, count: number): Promise<TappedCall[]> {
  const calls: TappedCall[] = [];
  for (let n = 0; n < count; n++) {
    const { value } = await tap.next();
    assert.ok(value !== undefined, `${n} of ${count} came`);
    calls.push(value);
  }
  return calls;
}

test('a tap tells of each call what became of it: attempts, who was passed over, waits, time and budget', async () => {
  const fixed = { orders: ['http://a:1', 'http://b:1', { url: 'http://c:1', weight: 0 }] };
  const { mesh, env } = await aMesh({
    registry: { fixed },
    policy: { services: { orders: { routes: { 'GET /orders/{id}': { deadline: { timeout: '2s' } } } } } },
  });
  const tap = mesh.tap({ service: 'orders' });
  const { send } = script(env.clock, { error: refused(), ms: 4 }, { value: answer(200), ms: 30 });
  const sent: (string | undefined)[] = [];
  const asks = (attempt: Attempt) => {
    sent.push(attempt.headers.traceparent);
    return send(attempt);
  };
  const outcome = mesh.call('orders', asks, { method: 'GET', path: '/orders/42?token=s3cret', priority: 'critical' });
  await env.clock.advance(200);
  await outcome;
  const [call] = await taken(tap, 1);
  const [first, second] = call!.attempts;
  const { attempts, headers, traceId, at, endpoint, ms, ...rest } = call!;
  assert.deepEqual(rest, {
    service: 'orders',
    method: 'GET',
    path: '/orders/42',
    route: 'GET /orders/{id}',
    priority: 'critical',
    idempotent: true,
    outcome: 'success',
    why: 'status 200',
    reason: null,
    status: 200,
    deadlineMs: 2_000,
    retriesLeft: 9,
    lost: 0,
  });
  assert.equal(at, Date.parse('2026-01-01T00:00:00Z'));
  assert.deepEqual(
    sent.map((parent) => parent?.split('-')[1]),
    [traceId, traceId],
  );
  assert.deepEqual(
    attempts.map(({ attempt, outcome, why, status, sent }) => [attempt, outcome, why, status, sent]),
    [
      [1, 'failure', 'ECONNREFUSED', 0, 'no'],
      [2, 'success', 'status 200', 200, 'yes'],
    ],
  );
  assert.deepEqual(first!.passedOver, [{ why: 'weight', count: 1, endpoints: ['c:1'] }]);
  assert.deepEqual(second!.passedOver.map(({ why, endpoints }) => [why, endpoints]).sort(), [
    ['tried', [first!.endpoint]],
    ['weight', ['c:1']],
  ]);
  assert.deepEqual(first!.next, { is: 'retry', waitMs: second!.waitedMs, budget: 10 });
  assert.equal(second!.next, undefined);
  assert.equal(endpoint, second!.endpoint);
  assert.ok(
    Math.abs(first!.ms + second!.waitedMs + second!.ms - ms) < 0.01,
    'its time is that of its attempts and waits',
  );
  assert.deepEqual(JSON.parse(JSON.stringify(call)), call, 'it is plain JSON');
  await mesh.close();
});

test('calls that the mesh refused, that ran out of time and that were given up are told apart', async () => {
  const { mesh, env } = await aMesh({
    policy: { services: { stock: { quota: { calls: [{ rate: '1/m', burst: 1 }] } } } },
  });
  const tap = mesh.tap();
  await mesh.call('stock', well);
  await assert.rejects(mesh.call('stock', well));
  await assert.rejects(mesh.call('nobody', well));
  const late = assert.rejects(mesh.call('orders', () => new Promise(() => {}), { timeout: '50ms' }));
  await env.clock.advance(50);
  await late;
  const stop = new AbortController();
  const given = assert.rejects(mesh.call('orders', () => new Promise(() => {}), { signal: stop.signal }));
  stop.abort();
  await given;
  await mesh.call('orders', () => answer(503), { idempotent: false });
  const calls = await taken(tap, 6);
  assert.deepEqual(
    calls.map(({ service, outcome, reason, status, attempts, endpoint }) => [
      service,
      outcome,
      reason,
      status,
      attempts.length,
      endpoint === null,
    ]),
    [
      ['stock', 'success', null, 200, 1, false],
      ['stock', 'failure', 'quota', 0, 0, true],
      ['nobody', 'failure', 'no-endpoints', 0, 0, true],
      ['orders', 'failure', 'deadline', 0, 1, false],
      ['orders', 'none', 'caller', 0, 1, false],
      ['orders', 'failure', null, 503, 1, false],
    ],
  );
  assert.equal(calls[5]!.attempts[0]!.next!.is, 'unsafe');
  await mesh.close();
});

test('headers are shown by name; their values only where they hold no secret, or where somebody asked for them', async () => {
  const { mesh } = await aMesh();
  const headers = {
    authorization: 'Bearer s3cret',
    cookie: 'id=s3cret',
    'x-api-key': 's3cret',
    'x-anything': 's3cret',
    'x-team': 'blue',
    'content-type': 'text/plain',
    'x-request-id': 'r1',
  };
  const [plain, asked] = [mesh.tap(), mesh.tap({ headers: ['X-Team'] })];
  await mesh.call('orders', well, { headers });
  const [one] = await taken(plain, 1);
  assert.deepEqual(one!.headers, {
    authorization: REDACTED,
    cookie: REDACTED,
    'x-api-key': REDACTED,
    'x-anything': REDACTED,
    'x-team': REDACTED,
    'content-type': 'text/plain',
    'x-request-id': 'r1',
  });
  const [other] = await taken(asked, 1);
  assert.equal(other!.headers['x-team'], 'blue');
  assert.doesNotMatch(JSON.stringify([one, other]), /s3cret/);
  for (const name of [
    'Authorization',
    'cookie',
    'set-cookie',
    'proxy-authorization',
    'x-api-key',
    'signature-input',
    'x-auth-token',
  ])
    assert.throws(() => mesh.tap({ headers: [name] }), /is a credential, which is shown to nobody/);
  await mesh.close();
});

test('who is slow loses the oldest and is told how many, once, and holds up no call', async () => {
  const { mesh } = await aMesh();
  const tap = mesh.tap({ buffer: 3 });
  for (let n = 0; n < 10; n++) await mesh.call('orders', well, { path: `/${n}` });
  const calls = await taken(tap, 3);
  assert.deepEqual(
    calls.map(({ path, lost }) => [path, lost]),
    [
      ['/7', 7],
      ['/8', 0],
      ['/9', 0],
    ],
  );
  const waiting = tap.next();
  await mesh.call('orders', well, { path: '/10' });
  const { value } = await waiting;
  assert.deepEqual([value!.path, value!.lost], ['/10', 0]);
  await mesh.close();
});

test('a function that says what is wanted and throws costs no call: its own tap ends with that fault, others go on', async () => {
  const { mesh } = await aMesh();
  const slip = new Error('slip');
  const [bad, good] = [
    mesh.tap({
      match: () => {
        throw slip;
      },
    }),
    mesh.tap(),
  ];
  const first = bad.next();
  assert.deepEqual(await mesh.call('orders', well), answer(200));
  await assert.rejects(first, slip);
  assert.deepEqual(await bad.next(), { done: true, value: undefined });
  assert.equal((await taken(good, 1))[0]!.service, 'orders');
  await mesh.close();
});

test('a function that says only later what is wanted is refused: its promise would mean yes to all', async (t) => {
  const unheard = unheardIn(t);
  const { mesh } = await aMesh();
  const later = async (): Promise<boolean> => {
    throw new Error('its own fault');
  };
  const tap = mesh.tap({ match: later as unknown as () => boolean });
  await mesh.call('orders', well);
  await assert.rejects(tap.next(), {
    message: /^tap\.match: the function must say at once .+, got a promise/,
  });
  assert.equal(await unheard(), 0);
  await mesh.close();
});

test('a tap ends by break, by return, by using and with the mesh, and nothing is left of it', async () => {
  const { mesh, env } = await aMesh();
  const some = mesh.tap();
  await mesh.call('orders', well);
  for await (const call of some) {
    assert.equal(call.service, 'orders');
    break;
  }
  assert.deepEqual(await some.next(), { done: true, value: undefined });
  const given = mesh.tap();
  const waiting = given.next();
  await given.return!();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  {
    await using brief = mesh.tap();
    await mesh.call('orders', well);
    assert.equal((await taken(brief, 1)).length, 1);
  }
  const last = mesh.tap();
  await mesh.call('orders', well, { path: '/last' });
  await mesh.close();
  const rest: (string | null)[] = [];
  for await (const { path } of last) rest.push(path); // what had come can still be taken
  assert.deepEqual(rest, ['/last']);
  assert.deepEqual(await mesh.tap().next(), { done: true, value: undefined });
  assert.equal(env.clock.scheduled, 0);
});

test('two taps do not see each other: what one does to a call it was given the other does not get', async () => {
  const { mesh } = await aMesh();
  const spoiling = mesh.tap({
    match: (call) => {
      (call as { service: string }).service = 'spoilt';
      (call.attempts as unknown[]).length = 0;
      return true;
    },
  });
  const plain = mesh.tap();
  await mesh.call('orders', well);
  const [call] = await taken(plain, 1);
  assert.deepEqual([call!.service, call!.attempts.length], ['orders', 1]);
  await spoiling.return!();
  await mesh.call('orders', well);
  assert.equal((await taken(plain, 1)).length, 1);
  await mesh.close();
});

test('calls are watched only while somebody taps, and only those to the service that is asked for', async () => {
  const { mesh } = await aMesh();
  let watched = 0;
  const send = (attempt: object): unknown => {
    const { context } = attempt as { readonly context: { readonly history: { readonly watched: object | undefined } } };
    if (context.history.watched !== undefined) watched++;
    return answer(200);
  };
  await mesh.call('orders', send);
  assert.equal(watched, 0);
  const tap = mesh.tap({ service: 'stock' });
  await mesh.call('orders', send);
  await mesh.call('stock', send);
  assert.deepEqual(
    (await taken(tap, 1)).map(({ service }) => service),
    ['stock'],
  );
  await tap.return!();
  const before = watched;
  await mesh.call('stock', send);
  assert.equal(watched, before);
  await mesh.close();
});
