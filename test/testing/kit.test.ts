import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aContext,
  answer,
  refused,
  reset,
  script,
  seeded,
  simulate,
  testEnv,
  VirtualClock,
} from '../../src/testing.ts';

test('a script answers as it was told, in turn, and with the last step for ever', async () => {
  const clock = new VirtualClock();
  const orders = script(clock, { error: refused() }, { ms: 20, value: 'late' }, { value: 'at once' });
  await assert.rejects(orders.service('x', aContext()), { code: 'ECONNREFUSED' });
  const late = orders.service('x', aContext());
  await clock.advance(20);
  assert.equal(await late, 'late');
  assert.equal(await orders.service('x', aContext()), 'at once');
  assert.equal(await orders.service('x', aContext()), 'at once');
  assert.deepEqual(
    orders.asked.map(({ at }) => at),
    [0, 0, 20, 20],
  );
});

test('a script may never answer, and one without a step is a mistake', async () => {
  const clock = new VirtualClock();
  const { service } = script(clock, { never: true });
  let over = false;
  void service('x', aContext()).then(() => {
    over = true;
  });
  await clock.advance(1e9);
  assert.equal(over, false);
  assert.throws(() => script(clock), RangeError);
});

test('a script knows what it was asked with', async () => {
  const orders = script(new VirtualClock(), { value: answer(200) });
  const context = aContext({ attempt: 3 });
  await orders.service('x', context);
  assert.equal(orders.asked[0]!.context, context);
  await orders.send({ attempt: 7 } as never);
  assert.equal(orders.asked[1]!.attempt?.attempt, 7);
});

test('a context is that of a call that has just begun, with what the test wants', () => {
  const context = aContext({ service: 'users', idempotent: true, policy: { retry: { attempts: 9 } } });
  assert.equal(context.service, 'users');
  assert.equal(context.policy.retry.attempts, 9);
  assert.equal(context.policy.retry.backoff, 25);
  assert.equal(context.attempt, 1);
  assert.notEqual(aContext().history, aContext().history);
});

test('a world notes all that is told, and two with one seed go the same way', () => {
  const { events, told, random } = testEnv({ random: seeded(5) });
  events.emit({ at: 1, service: 'orders', type: 'returned', endpoint: 'a:1' });
  assert.deepEqual(
    told.map(({ type }) => type),
    ['returned'],
  );
  assert.equal(random.next(), testEnv({ random: seeded(5) }).random.next());
});

test('errors of connections are as Node throws them', () => {
  assert.deepEqual(
    [(refused() as { code?: string }).code, (reset() as { code?: string }).code],
    ['ECONNREFUSED', 'ECONNRESET'],
  );
});

test('a simulation of nothing going wrong serves every call, each by the model it was given', async () => {
  const simulation = await simulate({ servers: [{ ms: 20, spread: 0 }], perSecond: 50, seconds: 4 });
  assert.deepEqual(simulation.outcomes, { 200: simulation.calls });
  assert.equal(simulation.success, 1);
  assert.equal(simulation.servers[0]!.served, simulation.calls);
  assert.ok(Math.abs(simulation.calls - 200) < 60, `${simulation.calls} of about 200`);
  for (const share of [0, 0.5, 0.99]) {
    const ms = simulation.quantile(share);
    assert.ok(Math.abs(ms - 20.5) < 1e-6, `20 ms and the way there and back, ${ms}`);
  }
});

test('a server with one worker works on one call at a time, and the others queue', async () => {
  const { quantile, servers } = await simulate({
    servers: [{ ms: 10, spread: 0, workers: 1 }],
    perSecond: 150,
    seconds: 4,
  });
  assert.ok(quantile(0.9) > 100, 'more comes than one can do');
  assert.ok(servers[0]!.peak > 10);
});

test('half of the answers take less than the model says', async () => {
  const { quantile } = await simulate({
    servers: [{ ms: 40, spread: 0.5, workers: 1_000 }],
    perSecond: 500,
    seconds: 4,
  });
  assert.ok(Math.abs(quantile(0.5) - 40.5) < 4, `${quantile(0.5)}`);
  assert.ok(quantile(0.99) > 100 && quantile(0.99) < 170, `${quantile(0.99)}`);
});

test('what happens before the warm-up is over is not counted', async () => {
  const { calls, attempts } = await simulate({ servers: [{}], perSecond: 100, seconds: 10, warmUpMs: 9_000 });
  assert.ok(calls > 60 && calls < 140, `${calls}`);
  assert.ok(Math.abs(attempts - calls) <= 5);
});
