import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { answer, refused, settled } from '../../src/testing.ts';
import { aWorld, fail, give, hang, inTurn } from './world.ts';

test('the call is over at the deadline, to the millisecond, whether or not the client listens', async () => {
  const world = aWorld();
  const { at, error } = await world.outcome(hang);
  assert.equal(at, 10_000);
  assert.equal(error?.message, 'orders: 10s are up (DEADLINE_EXCEEDED: deadline)');
  assert.equal(error?.code, 'DEADLINE_EXCEEDED');
  assert.equal(error?.status, 504);
  assert.equal(error?.sent, 'maybe');
  assert.deepEqual(error?.attempts, [
    {
      attempt: 1,
      endpoint: 'b:1',
      outcome: 'none',
      why: 'deadline',
      sent: 'maybe',
      ms: 10_000,
      beganMs: 0,
      waitedMs: 0,
      passedOver: [],
    },
  ]);
});

test('the client hears it by its signal, with the same reason', async () => {
  const world = aWorld({ policy: { deadline: { timeout: '1s' } } });
  const { error } = await world.outcome(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  assert.equal(error?.reason, 'deadline');
  assert.equal(world.seen[0]!.attempt.signal.reason, error);
});

test('all tries share one deadline', async () => {
  const world = aWorld({ policy: { deadline: { timeout: '1s' }, retry: { attempts: 10 } } });
  const { at, error } = await world.outcome(
    () => new Promise((_, reject) => world.env.clock.schedule(300, () => reject(refused()))),
    { method: 'GET' },
  );
  assert.ok(at <= 1_000, `over at ${at}`);
  assert.equal(world.seen.length, 4);
  assert.equal((error?.attempts as unknown[] | undefined)?.length ?? 4, 4);
});

test('a call may ask for less or more time than the policy says', async () => {
  const less = aWorld();
  assert.equal((await less.outcome(hang, { timeout: '50ms' })).at, 50);
  const more = aWorld();
  assert.equal((await more.outcome(hang, { timeout: '20s' })).at, 20_000);
});

test('a call inherits what is left of the request being served, where that is less', async () => {
  for (const [left, at] of [
    ['200', 200],
    ['60000', 10_000],
    ['0', 10_000],
    ['soon', 10_000],
  ] as const) {
    const world = aWorld();
    const headers = { 'x-envoy-expected-rq-timeout-ms': left };
    await world.mesh.within(headers, async () => assert.equal((await world.outcome(hang)).at, at));
  }
});

test('what is inherited counts from when the request came, not from when the call is made', async () => {
  const world = aWorld();
  await world.mesh.within({ 'grpc-timeout': '200m' }, async () => {
    await world.env.clock.advance(150);
    const { at } = await world.outcome(hang);
    assert.equal(at, 200);
  });
});

test('a deadline that has passed sends nothing', async () => {
  for (const wait of [200, 5_000]) {
    const world = aWorld();
    await world.mesh.within({ 'grpc-timeout': '200m' }, async () => {
      await world.env.clock.advance(wait);
      const { error, at } = await world.outcome(give('ok'));
      assert.equal(error?.message, 'orders: the time is up already (DEADLINE_EXCEEDED: deadline)');
      assert.equal(error?.sent, 'no');
      assert.equal(at, wait);
      assert.equal(world.seen.length, 0);
    });
  }
});

test('a policy may say that nothing is inherited', async () => {
  const world = aWorld({ policy: { deadline: { inherit: false } } });
  await world.mesh.within({ 'grpc-timeout': '200m' }, async () => assert.equal((await world.outcome(hang)).at, 10_000));
});

test('an answer just before the deadline is an answer', async () => {
  const world = aWorld();
  const { value, at } = await world.outcome(
    () => new Promise((resolve) => world.env.clock.schedule(9_999, () => resolve('ok'))),
  );
  assert.equal(value, 'ok');
  assert.equal(at, 9_999);
});

test('an answer after the deadline is let go of', async () => {
  const world = aWorld();
  let dumped = 0;
  const late = { ...answer(200), body: { dump: () => dumped++ } };
  const { error } = await world.outcome(
    () => new Promise((resolve) => world.env.clock.schedule(15_000, () => resolve(late))),
  );
  assert.equal(error?.reason, 'deadline');
  assert.equal(dumped, 1);
});

test('a caller that gives up during the wait before a retry is heard at once, and nothing more is sent', async () => {
  const world = aWorld({ policy: { deadline: { timeout: '2s' } } });
  await world.mesh.within({}, async () => {
    const controller = new AbortController();
    const calling = world.call(inTurn(give(answer(503, { 'retry-after': '1' })), give('ok')), {
      method: 'GET',
      signal: controller.signal,
    });
    await world.env.clock.advance(500);
    controller.abort('stop');
    await assert.rejects(calling, { code: 'CANCELLED', reason: 'caller' });
    await world.end();
    assert.equal(world.seen.length, 1);
  });
});

test('a caller that gives up is heard at once, whether or not the client listens', async () => {
  const world = aWorld();
  const controller = new AbortController();
  const calling = world.call(hang, { signal: controller.signal });
  await world.env.clock.advance(100);
  const why = new Error('the user went away');
  controller.abort(why);
  const at = world.env.clock.now();
  await assert.rejects(calling, (error: Error & Record<string, unknown>) => {
    assert.equal(error.message, 'orders: called off by the caller (CANCELLED: caller)');
    assert.equal(error.code, 'CANCELLED');
    assert.equal(error.status, 499);
    assert.equal(error.sent, 'maybe');
    assert.equal(error.cause, why);
    assert.equal((error.attempts as unknown[]).length, 1);
    return true;
  });
  assert.equal(world.env.clock.now(), at);
  assert.equal(world.seen[0]!.attempt.signal.aborted, true);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await world.end();
});

test('a caller that has given up before sends nothing', async () => {
  const world = aWorld();
  const { error } = await world.outcome(give('ok'), { signal: AbortSignal.abort('before') });
  assert.deepEqual([error?.code, error?.sent, error?.cause], ['CANCELLED', 'no', 'before']);
  assert.equal(world.seen.length, 0);
});

test('a caller that gives up speaks against no endpoint', async () => {
  const world = aWorld({ endpoints: ['http://a:1'], policy: { outlier: { failures: 1 } } });
  for (let call = 0; call < 10; call++) {
    const controller = new AbortController();
    const calling = world.call(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      {
        signal: controller.signal,
      },
    );
    controller.abort();
    await assert.rejects(calling);
  }
  assert.equal(world.env.told.filter(({ type }) => type === 'ejected').length, 0);
  assert.equal(await world.call(give('ok')), 'ok');
  await world.end();
});

test('a signal of the caller’s is left without a listener, however the call ends', async () => {
  const { signal } = new AbortController();
  for (const send of [give('ok'), fail(refused()), hang]) {
    const world = aWorld();
    await world.outcome(send, { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  }
});

test('a caller that gives up after the end changes nothing', async () => {
  const world = aWorld();
  const controller = new AbortController();
  const { value } = await world.outcome(give('ok'), { signal: controller.signal });
  controller.abort();
  await settled();
  assert.equal(value, 'ok');
});

test('while nothing is known of where the service lives, a call waits, and then goes', async () => {
  const world = aWorld();
  world.registry.pending('users');
  const calling = world.mesh.call('users', ({ url }) => url);
  await world.env.clock.advance(500);
  world.registry.set('users', ['http://u:1']);
  assert.equal(await calling, 'http://u:1');
  await world.end();
});

test('a call that waits for that longer than its deadline ends then, and sends nothing', async () => {
  const world = aWorld();
  world.registry.pending('users');
  let sent = 0;
  const calling = world.mesh.call('users', () => sent++);
  const rejected = assert.rejects(calling, { code: 'DEADLINE_EXCEEDED', reason: 'deadline' });
  await world.env.clock.advance(10_000);
  await rejected;
  world.registry.set('users', ['http://u:1']);
  await world.end();
  assert.equal(sent, 0);
});
