import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../../src/testing.ts';
import { aWorld, give, hang, inTurn } from './world.ts';

const policy = { attempt: { timeout: '100ms' } } as const;

test('an attempt is over when its own time is, to the millisecond, whether or not the client listens', async () => {
  const world = aWorld({ policy });
  const { at, error } = await world.outcome(hang);
  assert.equal(at, 100);
  assert.equal(error?.message, 'orders: no answer from b:1 in 100ms (DEADLINE_EXCEEDED: attempt)');
  assert.equal(error?.code, 'DEADLINE_EXCEEDED');
  assert.equal(error?.sent, 'maybe');
  assert.equal(error?.endpoint, 'b:1');
  assert.deepEqual(error?.attempts, [
    {
      attempt: 1,
      endpoint: 'b:1',
      outcome: 'failure',
      why: 'attempt timeout',
      sent: 'maybe',
      ms: 100,
      beganMs: 0,
      waitedMs: 0,
      passedOver: [],
      next: { is: 'unsafe', waitMs: 0, budget: 10 },
    },
  ]);
});

test('it is tried again elsewhere where that does no harm', async () => {
  const world = aWorld({ policy });
  const { value, at } = await world.outcome(inTurn(hang, give('ok')), { method: 'GET' });
  assert.equal(value, 'ok');
  assert.equal(at, 112.5);
  assert.notEqual(world.seen[0]!.attempt.url, world.seen[1]!.attempt.url);
});

test('it is not tried again where it might do harm', async () => {
  const world = aWorld({ policy });
  const { error } = await world.outcome(hang, { method: 'POST' });
  assert.equal(error?.reason, 'attempt');
  assert.equal(world.seen.length, 1);
});

test('it ends the signal of that attempt, and not of the next', async () => {
  const world = aWorld({ policy });
  const signals: AbortSignal[] = [];
  const listening = inTurn(hang, () => new Promise((resolve) => world.env.clock.schedule(50, () => resolve('ok'))));
  await world.outcome(
    (attempt) => {
      signals.push(attempt.signal);
      return listening(attempt);
    },
    { method: 'GET' },
  );
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  );
  assert.equal(signals[0]!.reason.reason, 'attempt');
});

test('it counts against the endpoint, which is left out when it happens again and again', async () => {
  const world = aWorld({
    policy: { ...policy, outlier: { failures: 3 }, retry: { attempts: 1 } },
    endpoints: ['http://a:1', 'http://b:1'],
  });
  for (let call = 0; call < 5; call++) {
    const rejected = assert.rejects(world.call(hang), { reason: 'attempt' });
    await world.env.clock.advance(100);
    await rejected;
  }
  const told = world.env.told.find((event) => event.type === 'ejected');
  assert.equal(told?.type === 'ejected' && told.endpoint, world.seen[0]!.attempt.endpoint.address);
  await world.end();
});

test('an answer that comes after it is let go of', async () => {
  const world = aWorld({ policy });
  let dumped = 0;
  const late = { ...answer(200), body: { dump: () => dumped++ } };
  await world.outcome(() => new Promise((resolve) => world.env.clock.schedule(200, () => resolve(late))));
  assert.equal(dumped, 1);
});

test('an error that comes after it harms nobody', async () => {
  const world = aWorld({ policy });
  const { error } = await world.outcome(
    () => new Promise((_, reject) => world.env.clock.schedule(200, () => reject(new Error('too late')))),
  );
  assert.equal(error?.reason, 'attempt');
});

test('an answer in time is the answer, and leaves no timer', async () => {
  const world = aWorld({ policy });
  const { value } = await world.outcome(give('ok'));
  assert.equal(value, 'ok');
});

test('the deadline of the call ends an attempt that has time of its own left', async () => {
  const world = aWorld({ policy: { attempt: { timeout: '5s' }, deadline: { timeout: '1s' } } });
  const { error, at } = await world.outcome(hang);
  assert.equal(error?.reason, 'deadline');
  assert.equal(at, 1_000);
  assert.equal(world.seen[0]!.attempt.signal.aborted, true);
});

test('a caller that gives up ends an attempt that has time of its own left', async () => {
  const world = aWorld({ policy });
  const controller = new AbortController();
  const calling = world.call(hang, { signal: controller.signal });
  await world.env.clock.advance(10);
  controller.abort();
  await assert.rejects(calling, { reason: 'caller' });
  assert.equal(world.seen[0]!.attempt.signal.reason.reason, 'caller');
  await world.end();
});

test('an attempt knows how long it has: its own time, or what is left of the call', async () => {
  const world = aWorld({ policy: { attempt: { timeout: '600ms' }, deadline: { timeout: '1s' } } });
  await world.outcome(hang, { method: 'GET' });
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.timeoutMs),
    [600, 1_000 - 612.5],
  );
});
