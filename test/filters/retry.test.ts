import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, refused, reset } from '../../src/testing.ts';
import { aWorld, fail, give, inTurn } from './world.ts';

const GET = { method: 'GET' };
const POST = { method: 'POST' };

test('a call that nobody took is tried again, whatever its method: nothing was sent', async () => {
  const world = aWorld();
  const { value } = await world.outcome(inTurn(fail(refused()), give('ok')), POST);
  assert.equal(value, 'ok');
  assert.equal(world.seen.length, 2);
});

test('the waits are random from 0 to twice the last, up to the bound: exactly here, since chance says one half', async () => {
  const world = aWorld({ policy: { retry: { attempts: 7 } } });
  await world.outcome(fail(refused()), GET);
  assert.deepEqual(
    world.seen.map(({ at }) => at),
    [0, 12.5, 37.5, 87.5, 187.5, 312.5, 437.5],
  );
});

test('after the last attempt the caller gets exactly what its client threw', async () => {
  const world = aWorld();
  const errors = [refused(), refused(), refused()];
  const { error } = await world.outcome(inTurn(...errors.map((error) => fail(error))), GET);
  assert.equal(error, errors[2]);
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.attempt),
    [1, 2, 3],
  );
});

test('after the last attempt the caller gets exactly what its client returned', async () => {
  const world = aWorld();
  const answers = [answer(503), answer(502), answer(504)];
  const { value } = await world.outcome(inTurn(...answers.map((one) => give(one))), GET);
  assert.equal(value, answers[2]);
});

test('what may have been seen is sent again only if that does no harm', async () => {
  for (const [options, attempts] of [
    [GET, 3],
    [{ method: 'PUT' }, 3],
    [{ method: 'DELETE' }, 3],
    [{ method: 'HEAD' }, 3],
    [{ method: 'OPTIONS' }, 3],
    [{ method: 'TRACE' }, 3],
    [POST, 1],
    [{ method: 'PATCH' }, 1],
    [{}, 1],
    [{ idempotent: true }, 3],
    [{ method: 'GET', idempotent: false }, 1],
    [{ method: 'POST', headers: { 'idempotency-key': 'k1' } }, 3],
    [{ method: 'GET', replayable: false }, 1],
  ] as const) {
    for (const what of [fail(reset()), give(answer(503))]) {
      const world = aWorld();
      await world.outcome(what, options);
      assert.equal(world.seen.length, attempts, JSON.stringify(options));
    }
  }
});

test('a stream that is gone can still be sent when nobody took it', async () => {
  const world = aWorld();
  await world.outcome(fail(refused()), { method: 'POST', replayable: false });
  assert.equal(world.seen.length, 3);
});

test('only the statuses of the policy are tried again', async () => {
  for (const [status, attempts] of [
    [200, 1],
    [404, 1],
    [429, 1],
    [500, 1],
    [501, 1],
    [502, 3],
    [503, 3],
    [504, 3],
  ] as const) {
    const world = aWorld();
    await world.outcome(give(answer(status)), GET);
    assert.equal(world.seen.length, attempts, `${status}`);
  }
  const world = aWorld({ policy: { retry: { statuses: [404] } } });
  await world.outcome(give(answer(404)), GET);
  assert.equal(world.seen.length, 3, '404, where the policy says so');
});

test('429 is tried again when it says when', async () => {
  const world = aWorld();
  const { value, at } = await world.outcome(inTurn(give(answer(429, { 'retry-after': '2' })), give(answer(200))), GET);
  assert.equal((value as { statusCode: number }).statusCode, 200);
  assert.equal(at, 2_000);
});

test('Retry-After is honoured to the second, as seconds and as a date', async () => {
  const world = aWorld();
  const date = new Date(world.env.clock.epoch() + 3_000).toUTCString();
  const send = inTurn(
    give(answer(503, { 'retry-after': '1' })),
    give(answer(503, { 'retry-after': date })),
    give('ok'),
  );
  const { at } = await world.outcome(send, GET);
  assert.equal(at, 3_000);
});

test('a Retry-After beyond the deadline is not waited for: the answer comes at once', async () => {
  const world = aWorld();
  const busy = answer(503, { 'retry-after': '10' });
  const { value, at } = await world.outcome(give(busy), GET);
  assert.equal(value, busy);
  assert.equal(at, 0);
  assert.equal(world.seen.length, 1);
});

test('a Retry-After that can not be read is as good as none', async () => {
  const world = aWorld();
  const { at } = await world.outcome(inTurn(give(answer(503, { 'retry-after': 'soon' })), give('ok')), GET);
  assert.equal(at, 12.5);
});

test('a wait that would end after the deadline is not begun', async () => {
  const world = aWorld({ policy: { deadline: { timeout: '30ms' } } });
  const { error, at } = await world.outcome(fail(refused()), GET);
  assert.equal(error?.code, 'ECONNREFUSED', 'the last error tells more than the deadline would');
  assert.equal(at, 12.5);
});

test('each attempt goes to another endpoint, while there is one', async () => {
  const world = aWorld({ policy: { retry: { attempts: 4 } } });
  await world.outcome(fail(refused()), GET);
  const urls = world.seen.map(({ attempt }) => attempt.url);
  assert.equal(new Set(urls.slice(0, 3)).size, 3);
  assert.equal(urls.length, 4);
});

test('with one endpoint, that one is tried again', async () => {
  const world = aWorld({ endpoints: ['http://a:1'] });
  await world.outcome(fail(refused()), GET);
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.url),
    ['http://a:1', 'http://a:1', 'http://a:1'],
  );
});

test('1 attempt never retries', async () => {
  const world = aWorld({ policy: { retry: { attempts: 1 } } });
  await world.outcome(fail(refused()), GET);
  assert.equal(world.seen.length, 1);
});

test('what comes back well is never tried again', async () => {
  for (const value of [undefined, null, 0, '', { status: 503 }, answer(200), answer(302)]) {
    const world = aWorld();
    assert.equal((await world.outcome(give(value), GET)).value, value);
    assert.equal(world.seen.length, 1);
  }
});

test('a slip of the caller’s own is thrown at once', async () => {
  const world = aWorld();
  const { error } = await world.outcome(() => {
    throw new TypeError('x is not a function');
  }, GET);
  assert.equal(error?.message, 'x is not a function');
  assert.equal(world.seen.length, 1);
});

test('an answer that is not the last is let go of before the next attempt', async () => {
  const world = aWorld();
  let dumped = 0;
  const busy = { ...answer(503), body: { dump: () => dumped++ } };
  const kept = { ...answer(503), body: { dump: () => assert.fail('the last one is the caller’s') } };
  await world.outcome(inTurn(give(busy), give(busy), give(kept)), GET);
  assert.equal(dumped, 2);
});

test('the budget bounds retries over all calls, and what it refuses is told', async () => {
  const world = aWorld({ policy: { retry: { budget: 0.1, perSecond: 0 } } });
  const calls = Array.from({ length: 50 }, () => world.call(fail(refused()), GET).catch(() => {}));
  await world.env.clock.advance(1_000);
  await Promise.all(calls);
  assert.equal(world.seen.length, 55);
  const told = world.env.told.filter(({ type }) => type === 'retry' || type === 'retry-budget').map(({ type }) => type);
  assert.equal(told.filter((type) => type === 'retry').length, 5);
  assert.equal(told.filter((type) => type === 'retry-budget').length, 50);
  await world.end();
});

test('without a budget there is no retry, and with a floor there are a few each second', async () => {
  const world = aWorld({ policy: { retry: { budget: 0, perSecond: 0 } } });
  await world.outcome(fail(refused()), GET);
  assert.equal(world.seen.length, 1);
  const other = aWorld({ policy: { retry: { budget: 0, perSecond: 1, attempts: 10 } } });
  const calls = Array.from({ length: 20 }, () => other.call(fail(refused()), GET).catch(() => {}));
  await other.env.clock.advance(5_000);
  await Promise.all(calls);
  assert.equal(other.seen.length, 20 + 10, 'ten seconds of one each');
  await other.end();
});

test('every retry is told: which attempt failed, why, and how long it waits', async () => {
  const world = aWorld();
  await world.outcome(inTurn(fail(refused()), give(answer(503)), give('ok')), GET);
  const told = world.env.told.filter((event) => event.type === 'retry');
  const epoch = world.env.told.find(({ type }) => type === 'retry')!.at;
  assert.deepEqual(told, [
    { at: epoch, service: 'orders', type: 'retry', attempt: 1, why: 'ECONNREFUSED', left: 10, waitMs: 12.5 },
    { at: epoch + 12.5, service: 'orders', type: 'retry', attempt: 2, why: 'status 503', left: 9, waitMs: 25 },
  ]);
});

test('a policy that is pushed meanwhile is for the calls after it', async () => {
  const world = aWorld();
  const calling = world.call(fail(refused()), GET).catch(() => {});
  world.mesh.setPolicy({ defaults: { retry: { attempts: 1 } } });
  await world.env.clock.advance(1_000);
  await calling;
  assert.equal(world.seen.length, 3);
  await world.call(fail(refused()), GET).catch(() => {});
  assert.equal(world.seen.length, 4);
  await world.end();
});

test('the caller’s own judgement decides: a failure is tried again, a success is not', async () => {
  const bad = aWorld();
  await bad.outcome(give({ error: 'sold out' }), {
    idempotent: true,
    classify: (settled) => ('value' in settled && (settled.value as { error?: string }).error ? 'failure' : undefined),
  });
  assert.equal(bad.seen.length, 3);
  const fine = aWorld();
  await fine.outcome(give(answer(503)), { idempotent: true, classify: () => 'success' });
  assert.equal(fine.seen.length, 1);
});

test('the same error object thrown by each attempt is judged each time', async () => {
  const world = aWorld();
  const error = refused();
  await world.outcome(fail(error), GET);
  assert.deepEqual(
    world.env.told.filter((event) => event.type === 'attempt').map(({ outcome, attempt }) => [attempt, outcome]),
    [
      [1, 'failure'],
      [2, 'failure'],
      [3, 'failure'],
    ],
  );
});

test('what one attempt throws and the next one returns is judged each time for what it is', async () => {
  const world = aWorld();
  const thing = { a: 1 };
  const { value } = await world.outcome(inTurn(fail(thing), give(thing)), GET);
  assert.equal(value, thing);
  assert.equal(world.seen.length, 2);
});

test('what an endpoint says it did not do is asked of another at once, whatever the method', async () => {
  const world = aWorld();
  const nack = answer(503, { 'finagle-http-nack': 'true', 'retry-after': '1' });
  const { value } = await world.outcome(inTurn(give(nack), give('ok')), POST);
  assert.equal(value, 'ok');
  assert.deepEqual(
    world.seen.map(({ at }) => at),
    [0, 0],
  );
});

test('a nack does not bring back a stream that was read, and counts on no other status', async () => {
  for (const [status, options] of [
    [503, { method: 'POST', replayable: false }],
    [500, POST],
  ] as const) {
    const world = aWorld();
    await world.outcome(give(answer(status, { 'finagle-http-nack': 'true' })), options);
    assert.equal(world.seen.length, 1);
  }
});
