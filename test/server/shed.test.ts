import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../src/core/context.ts';
import { MeshError } from '../../src/core/errors.ts';
import type { Priority } from '../../src/core/priority.ts';
import { Scope } from '../../src/core/scope.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import type { EventLoop } from '../../src/server/event-loop.ts';
import { shed } from '../../src/server/shed.ts';
import { Shedding } from '../../src/server/shedding.ts';
import { aContext } from '../../src/testing/context.ts';
import { testEnv } from '../../src/testing/env.ts';

const SILENT: EventLoop = {
  heldMs: () => assert.fail('nobody asked'),
  heldBeforeMs: 0,
  utilization: () => assert.fail('nobody asked'),
};

/** The filter in front of a handler that answers when it is told to. */
function aDoor(policy: NonNullable<PolicySections['shed']>, loop: EventLoop = SILENT) {
  const env = testEnv();
  const shedding = new Shedding(env, loop);
  const ends: (() => void)[] = [];
  const service = shed<string>(env, shedding)(() => new Promise((resolve) => ends.push(() => resolve('served'))));
  const usual = aContext({ policy: { shed: { mode: 'enforce', ...policy } } });
  const came: string[] = [];
  const ask = (name: string, priority: Priority = 'default'): Scope => {
    const scope = new Scope();
    const context = { ...usual, begunAt: env.clock.now(), history: new History(undefined, priority), scope };
    service({} as Arrival, context).then(
      (value) => came.push(`${name} ${value} at ${env.clock.now()}`),
      (error) => came.push(`${name} ${MeshError.is(error) ? error.message : String(error)} at ${env.clock.now()}`),
    );
    return scope;
  };
  const refused = () => env.told.filter((event) => event.type === 'refused').length;
  return { env, shedding, ends, came, ask, refused };
}

test('a request that finds no room waits for a little, and comes in when there is some', async () => {
  const { env, ends, came, ask, refused } = aDoor({ limit: 1, queue: 2, wait: '5ms' });
  ask('a');
  ask('b');
  ask('c');
  ask('d');
  await env.clock.advance(4);
  ends[0]!();
  await env.clock.advance(1);
  assert.deepEqual(came, [
    'd orders: 2 requests wait (UNAVAILABLE: shed) at 0',
    'a served at 4',
    'c orders: 1 requests wait (UNAVAILABLE: shed) at 5',
  ]);
  ends[1]!();
  await env.clock.advance(1);
  assert.equal(came[3], 'b served at 5');
  assert.equal(refused(), 2);
  assert.deepEqual([env.clock.pending, env.timeouts.waiting], [0, 0]);
});

test('a request that waits and whose caller hangs up is gone at once, and takes no room', async () => {
  const { env, shedding, ends, came, ask } = aDoor({ limit: 1, queue: 2, wait: '1s' });
  ask('a');
  const scope = ask('b');
  await env.clock.advance(10);
  scope.cancel(new MeshError('caller', 'orders: the caller hung up'));
  await env.clock.advance(0);
  assert.deepEqual(came, ['b orders: the caller hung up (CANCELLED: caller) at 10']);
  assert.equal(shedding.admission.queued, 0);
  ends[0]!();
  await env.clock.advance(0);
  assert.equal(shedding.admission.inFlight, 0);
  assert.deepEqual([env.clock.pending, env.timeouts.waiting], [0, 0]);
});

test('the least important is refused first, the most important last', async () => {
  const { env, shedding, came, ask } = aDoor({ limit: 4 });
  for (let turn = 0; turn < 3; turn++) ask(`sheddable ${turn}`, 'sheddable');
  for (let turn = 0; turn < 3; turn++) ask(`default ${turn}`);
  for (let turn = 0; turn < 5; turn++) ask(`critical ${turn}`, 'critical');
  await env.clock.advance(0);
  assert.deepEqual(
    came.map((line) => line.replace(/ orders.*/, '')),
    ['sheddable 2', 'default 2', 'critical 4'],
  );
  assert.equal(shedding.admission.inFlight, 8);
});

test('while the event loop is held up in a turn, those behind are refused, the critical after eight times as long', async () => {
  const loop = { held: 0, heldMs: () => loop.held, heldBeforeMs: 0, busy: 1, utilization: () => loop.busy };
  const { env, came, ask } = aDoor({ limit: 100, lag: '5ms' }, loop);
  const admits = async (held: number, priority?: Priority): Promise<boolean> => {
    loop.held = held;
    const before = came.length;
    ask('x', priority);
    await env.clock.advance(0);
    return came.length === before;
  };
  assert.deepEqual([await admits(0), await admits(4.9), await admits(5)], [true, true, false]);
  assert.match(came[0]!, /the event loop has been held up for 5ms/);
  assert.deepEqual([await admits(39, 'critical'), await admits(40, 'critical')], [true, false]);
  assert.deepEqual([await admits(0.6, 'sheddable'), await admits(0.7, 'sheddable')], [true, false]);
  loop.heldBeforeMs = 3;
  assert.deepEqual(
    [await admits(0), await admits(0, 'sheddable')],
    [true, false],
    'the least important minds the turn before',
  );
  loop.busy = 0.5; // it was held up once, and has time enough
  assert.deepEqual([await admits(49), await admits(50)], [true, false]);
});

test('a limit that is learnt follows what the handler can do, up to the one that is said', async () => {
  const { env, shedding, ends, ask } = aDoor({ limit: 100, algorithm: 'gradient' });
  const { clock } = env;
  const policy = aContext({ policy: { shed: { limit: 100, algorithm: 'gradient' } } }).policy.shed;
  /** Ten workers that take 10 ms each, and more requests than they can serve. */
  const work = async (ms: number): Promise<void> => {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      for (let turn = 0; turn < 30; turn++) ask('x');
      await clock.advance(10);
      for (const done of ends.splice(0, 10)) done();
    }
    await clock.advance(0);
  };
  assert.equal(shedding.limit(policy), 20);
  await work(10_000);
  const learnt = shedding.limit(policy);
  assert.ok(learnt >= 10 && learnt <= 30, `${learnt}`);
  assert.equal(shedding.facts({ ...policy, mode: 'enforce' }).limit, learnt);
  assert.equal(shedding.limit({ ...policy, limit: 5 }), 5);
});

test('what learns the limit is not asked where it is fixed, nor the event loop where its lag is no matter', async () => {
  const { env, shedding, ends, came, ask } = aDoor({ limit: 3 });
  ask('a');
  ask('b');
  ends[0]!();
  await env.clock.advance(0);
  assert.deepEqual(came, ['a served at 0']);
  assert.deepEqual(shedding.facts(aContext().policy.shed), {
    mode: 'off',
    serving: 1,
    waiting: 0,
    limit: 256,
    utilization: null,
  });
});
