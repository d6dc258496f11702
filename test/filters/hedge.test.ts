import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Send } from '../../src/core/call.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { MeshError } from '../../src/core/errors.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, refused } from '../../src/testing.ts';
import { aWorld, hang, later, type World } from './world.ts';

const GET = { method: 'GET' };
const after50: PolicySections = { hedge: { mode: 'delay', delay: '50ms', budget: 1 } };

/** A world whose attempts take so long each, in turn, and come to these values. */
function slowly(steps: readonly (readonly [number, unknown?])[], policy: PolicySections = after50) {
  const world = aWorld({ policy });
  let turn = 0;
  const send: Send<unknown> = (attempt) => {
    const [ms, value] = steps[Math.min(turn++, steps.length - 1)]!;
    return later(() => world, ms, value)(attempt);
  };
  return { world, send };
}

const told = (world: World, type: string) => world.env.told.filter((event) => event.type === type);

test('it is off unless the policy says otherwise', async () => {
  const { world, send } = slowly([[5_000]], {});
  await world.outcome(send, GET);
  assert.equal(world.seen.length, 1);
  assert.equal(world.mesh.snapshot().clusters[0], undefined);
});

test('a request that takes long goes to a second endpoint, and the first good answer wins', async () => {
  const [slow, fast] = [answer(200), answer(200)];
  const { world, send } = slowly([
    [300, slow],
    [10, fast],
  ]);
  const came = await world.outcome(send, GET);
  assert.equal(came.value, fast);
  assert.equal(came.at, 60);
  assert.deepEqual(
    world.seen.map(({ at, attempt }) => [at, attempt.attempt]),
    [
      [0, 1],
      [50, 2],
    ],
  );
  assert.notEqual(world.seen[0]!.attempt.url, world.seen[1]!.attempt.url);
});

test('the loser is called off at once, and told why; the winner is not', async () => {
  const { world, send } = slowly([[300], [10]]);
  const call = world.call(send, GET);
  await world.env.clock.advance(60);
  await call;
  const [loser, winner] = world.seen.map(({ attempt }) => attempt.signal);
  assert.equal(loser!.aborted, true);
  assert.equal((loser!.reason as MeshError).reason, 'hedge');
  assert.equal(winner!.aborted, false);
  await world.end();
  assert.equal(winner!.aborted, false, 'it may still be reading');
});

test('where the first wins after all, the second is called off', async () => {
  const { world, send } = slowly([[70], [300]]);
  const came = await world.outcome(send, GET);
  assert.equal(came.at, 70);
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.signal.aborted),
    [false, true],
  );
});

test('what comes before the delay is given at once, be it good or bad, and nothing is sent twice', async () => {
  for (const step of [[49], [20, answer(404)], [49, new TypeError('a slip')]] as const) {
    const { world, send } = slowly([step]);
    const came = await world.outcome(send, GET);
    assert.equal(came.at, step[0]);
    assert.equal(world.seen.length, 1);
  }
});

test('only what does no harm twice, and can be sent twice, is', async () => {
  for (const options of [
    { method: 'POST' },
    {},
    { method: 'GET', replayable: false },
    { method: 'GET', idempotent: false },
  ]) {
    const { world, send } = slowly([[300]]);
    assert.equal((await world.outcome(send, options)).at, 300);
    assert.equal(world.seen.length, 1);
  }
});

test('a bad answer of one does not count while the other may still do better', async () => {
  const good = answer(200);
  const { world, send } = slowly([
    [60, answer(503)],
    [100, good],
  ]);
  const came = await world.outcome(send, GET);
  assert.equal(came.value, good);
  assert.equal(came.at, 150);
});

test('an error of one does not count while the other may still do better', async () => {
  const good = answer(200);
  const { world, send } = slowly([
    [100, good],
    [10, refused()],
  ]);
  assert.equal((await world.outcome(send, GET)).value, good);
});

test('where both fail, retry goes on from there, elsewhere and with the next number', async () => {
  const good = answer(200);
  const { world, send } = slowly([
    [100, answer(503)],
    [10, answer(503)],
    [10, good],
  ]);
  assert.equal((await world.outcome(send, GET)).value, good);
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.attempt),
    [1, 2, 3],
  );
  assert.equal(new Set(world.seen.map(({ attempt }) => attempt.url)).size, 3);
});

test('hedges count as attempts: a call is never sent more than once beyond what retry allows', async () => {
  const { world, send } = slowly([[80, answer(503)]], { ...after50, retry: { attempts: 2 } });
  await world.outcome(send, GET);
  assert.equal(world.seen.length, 2);
});

test('a caller that gives up calls both off, and the report says so', async () => {
  const { world, send } = slowly([[300]]);
  const controller = new AbortController();
  world.env.clock.schedule(100, () => controller.abort());
  const { error } = await world.outcome(send, { ...GET, signal: controller.signal });
  assert.equal((error as unknown as MeshError).reason, 'caller');
  assert.deepEqual(
    (error as unknown as MeshError).attempts.map(({ attempt, outcome, ms }) => [attempt, outcome, ms]),
    [
      [1, 'none', 100],
      [2, 'none', 50],
    ],
  );
  assert.ok(world.seen.every(({ attempt }) => attempt.signal.aborted));
});

test('the deadline ends both', async () => {
  const { world } = slowly([[300]], { ...after50, deadline: { timeout: '200ms' } });
  const { error, at } = await world.outcome(hang, GET);
  assert.equal(at, 200);
  assert.equal(error!.reason, 'deadline');
  assert.equal(world.seen.length, 2);
});

test('where the deadline is nearer than the delay, no timer is started', async () => {
  const { world, send } = slowly([[10]], { ...after50, deadline: { timeout: '50ms' } });
  const call = world.call(send, GET);
  assert.equal(world.env.clock.scheduled, 2, 'the deadline, and the answer that is on its way');
  await world.end();
  await call;
});

test('each attempt tells how it ended; the loser without a verdict, so that it counts against nobody', async () => {
  const { world, send } = slowly([[300], [10]]);
  await world.outcome(send, GET);
  assert.deepEqual(
    told(world, 'attempt').map((event) => event.type === 'attempt' && [event.attempt, event.outcome, event.why]),
    [
      [2, 'success', 'status 200'],
      [1, 'none', 'hedge'],
    ],
  );
  assert.deepEqual(told(world, 'hedge'), [
    { ...told(world, 'hedge')[0]!, type: 'hedge', service: 'orders', attempt: 1, afterMs: 50 },
  ]);
  const [call] = told(world, 'call');
  assert.ok(call?.type === 'call' && call.outcome === 'success' && call.attempts === 2);
});

test('one answer is judged once, though two attempts were under way', async () => {
  const judged: unknown[] = [];
  const { world, send } = slowly([[300], [10]]);
  await world.outcome(send, {
    ...GET,
    classify: (settled) => {
      judged.push(settled);
      return undefined;
    },
  });
  assert.equal(judged.length, 1);
});

test('nothing is sent twice where only one endpoint has the labels of the subset, or all others are out of rotation', async () => {
  const { world, send } = slowly([[300]], { ...after50, subset: { labels: { zone: 'b' } } });
  world.registry.set('orders', ['http://a:1', endpoint('http://b:1', { zone: 'b' }), 'http://c:1']);
  await world.outcome(send, GET);
  assert.deepEqual(
    world.seen.map(({ attempt }) => attempt.url),
    ['http://b:1'],
  );

  const alone = slowly([[300]], {
    ...after50,
    outlier: { failures: 1 },
    fleet: { maxEjected: 1 },
    balance: { panic: 0 },
    retry: { attempts: 1 },
  });
  const refusing = ({ url }: { url: string }) => (url === 'http://c:1' ? answer(200) : Promise.reject(refused()));
  for (let turn = 0; turn < 20; turn++) await alone.world.mesh.call('orders', refusing).catch(() => {});
  assert.equal(told(alone.world, 'ejected').length, 2);
  await alone.world.outcome(alone.send, GET);
  assert.deepEqual(
    alone.world.seen.map(({ attempt }) => attempt.url),
    ['http://c:1'],
  );
});

test('with one endpoint alone nothing is sent twice: it would go to the same', async () => {
  const world = aWorld({ policy: after50, endpoints: ['http://a:1'] });
  await world.outcome(() => later(() => world, 300)(world.seen.at(-1)!.attempt), GET);
  assert.equal(world.seen.length, 1);
});

test('it draws on the budget of retries: where that is spent, nothing is sent twice, and it is told', async () => {
  const { world, send } = slowly([[300]], { ...after50, retry: { budget: 0, perSecond: 0 } });
  await world.outcome(send, GET);
  assert.equal(world.seen.length, 1);
  assert.equal(told(world, 'hedge-budget').length, 1);
});

test('it has a budget of its own: of a hundred slow requests, five are sent twice', async () => {
  const { world, send } = slowly([[300]], { hedge: { mode: 'delay', delay: '50ms', budget: 0.05 } });
  const calls = Array.from({ length: 100 }, () => world.call(send, GET));
  await world.end();
  await Promise.all(calls);
  assert.equal(world.seen.length, 105);
  assert.equal(told(world, 'hedge').length, 5);
  assert.equal(told(world, 'hedge-budget').length, 95);
});

test('a budget of 0 sends nothing twice', async () => {
  const { world, send } = slowly([[300]], { hedge: { mode: 'delay', delay: '50ms', budget: 0 } });
  await world.outcome(send, GET);
  assert.equal(world.seen.length, 1);
});

test('while nobody knows where the service lives, nothing is sent a second time', async () => {
  const { world, send } = slowly([[10]]);
  world.registry.pending('orders');
  world.env.clock.schedule(200, () => world.registry.set('orders', ['http://a:1', 'http://b:1']));
  const came = await world.outcome(send, GET);
  assert.equal(came.at, 210);
  assert.equal(world.seen.length, 1);
});
