import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../src/core/context.ts';
import { MeshError } from '../../src/core/errors.ts';
import type { Priority } from '../../src/core/priority.ts';
import { Scope } from '../../src/core/scope.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import { type EventLoop, REAL } from '../../src/server/event-loop.ts';
import { shed } from '../../src/server/shed.ts';
import { Shedding } from '../../src/server/shedding.ts';
import { Turns } from '../../src/server/turns.ts';
import { aContext } from '../../src/testing/context.ts';
import { testEnv } from '../../src/testing/env.ts';

const SILENT: EventLoop = {
  heldMs: () => assert.fail('nobody asked'),
  heldBeforeMs: 0,
  utilization: () => assert.fail('nobody asked'),
};

/** The filter in front of a handler that answers when it is told to. */
function aDoor(policy: NonNullable<PolicySections['shed']>, loop: EventLoop = SILENT, holdsMs = 0) {
  const env = testEnv();
  const turns: (() => void)[] = [];
  let heldMs = 0;
  const node = { ...REAL, afterTurn: (task: () => void) => void turns.push(task) };
  const shedding = new Shedding(env, loop, new Turns({ now: () => heldMs }, node));
  const ends: (() => void)[] = [];
  const service = shed<string>(
    env,
    shedding,
  )(() => {
    heldMs += holdsMs;
    return new Promise((resolve) => ends.push(() => resolve('served')));
  });
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
  /** Lets one turn of the event loop end. */
  const turn = async (): Promise<void> => {
    turns.shift()?.();
    await env.clock.advance(0);
  };
  return { env, shedding, ends, came, ask, refused, turn };
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
  assert.match(came[0]!, /the event loop is late by 5ms/);
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

const BUSY: EventLoop = { heldMs: () => 0, heldBeforeMs: 0, utilization: () => 1 };

test('while the event loop is busy nobody begins before all that has come is read, and who would begin too late is refused', async () => {
  const { shedding, ends, came, ask, turn } = aDoor({ limit: 100, lag: '5ms' }, BUSY, 2);
  ask('first');
  assert.equal(ends.length, 0);
  await turn();
  assert.equal(ends.length, 1);
  for (const name of ['a', 'b', 'c', 'd']) ask(name); // 0, 2, 4 and 6 ms are ahead of them
  ask('critical', 'critical');
  ask('sheddable', 'sheddable');
  await turn();
  assert.deepEqual(came, [
    'd orders: the event loop is late by 6ms (UNAVAILABLE: shed) at 0',
    'sheddable orders: the event loop is late by 8ms (UNAVAILABLE: shed) at 0',
  ]);
  assert.deepEqual([ends.length, shedding.turns.waiting, shedding.admission.inFlight], [2, 3, 5]);
  for (const _ of ['b', 'c', 'critical']) await turn();
  assert.deepEqual([ends.length, shedding.turns.waiting], [5, 0]);
});

test('a queue is for who finds no room: nobody waits in it for an event loop that is late, and holds up who comes when it is not', async () => {
  const loop = { held: 50, heldMs: () => loop.held, heldBeforeMs: 0, utilization: () => 1 };
  const { env, ends, came, ask, turn } = aDoor({ limit: 1, queue: 10, wait: '1s', lag: '5ms' }, loop);
  ask('late');
  await env.clock.advance(0);
  loop.held = 0;
  ask('a');
  await turn();
  ask('b');
  loop.held = 50;
  ends[0]!(); // it makes room for who waits, late as it is
  await env.clock.advance(0);
  loop.held = 0;
  await turn();
  ends[1]!();
  await env.clock.advance(0);
  assert.deepEqual(came, [
    'late orders: the event loop is late by 50ms (UNAVAILABLE: shed) at 0',
    'a served at 0',
    'b served at 0',
  ]);
});

test('what is sheddable is refused as long as others held the thread in the turn before', async () => {
  const { came, ask, turn } = aDoor({ limit: 100, lag: '5ms' }, BUSY, 2);
  ask('a');
  await turn();
  ask('b', 'sheddable');
  await turn();
  assert.deepEqual(came, ['b orders: the event loop is late by 2ms (UNAVAILABLE: shed) at 0']);
});

test('who waits for its turn takes room, and gives it back when its caller hangs up', async () => {
  const { env, shedding, ends, came, ask, turn } = aDoor({ limit: 2, lag: '5ms' }, BUSY);
  ask('a');
  const scope = ask('b');
  ask('c');
  scope.cancel('hung up');
  await env.clock.advance(0);
  ask('d');
  await turn();
  assert.deepEqual(came, ['c orders: 2 requests are being served (UNAVAILABLE: shed) at 0', 'b hung up at 0']);
  for (const end of ends) end();
  await env.clock.advance(0);
  assert.equal(came.length, 4);
  assert.equal(shedding.admission.inFlight, 0);
});

test('while the event loop has time a request begins at once, and one that comes to a turn held up for long waits for the next', async () => {
  const loop = { held: 0, heldMs: () => loop.held, heldBeforeMs: 0, utilization: () => 0.1 };
  const { ends, came, ask, turn } = aDoor({ limit: 100, lag: '5ms' }, loop);
  ask('a');
  loop.held = 4.9;
  ask('b');
  assert.equal(ends.length, 2);
  loop.held = 5;
  ask('c');
  loop.held = 50;
  ask('d');
  assert.equal(ends.length, 2);
  loop.held = 0;
  ask('e');
  await turn();
  assert.equal(ends.length, 4, 'nobody overtakes who waits');
  assert.deepEqual(came, ['d orders: the event loop is late by 50ms (UNAVAILABLE: shed) at 0']);
});

test('where it is only observed nobody waits for a turn', async () => {
  const { ends, ask } = aDoor({ mode: 'observe', limit: 100, lag: '5ms' }, BUSY);
  ask('a');
  ask('b');
  assert.equal(ends.length, 2);
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

test('a caller who hung up says nothing of how long requests take, and one whose time was up says that it was too long', async () => {
  for (const [reason, least, most] of [
    ['caller', 20, 20],
    ['deadline', 1, 10],
  ] as const) {
    const { env, shedding, ends, ask } = aDoor({ limit: 100, algorithm: 'aimd' });
    const policy = aContext({ policy: { shed: { limit: 100, algorithm: 'aimd' } } }).policy.shed;
    for (let turn = 0; turn < 100; turn++) {
      const scopes = Array.from({ length: 20 }, () => ask('x'));
      await env.clock.advance(10);
      for (const scope of scopes) scope.cancel(new MeshError(reason, 'orders: over'));
      for (const end of ends.splice(0)) end();
      await env.clock.advance(0);
    }
    const learnt = shedding.limit(policy);
    assert.ok(learnt >= least && learnt <= most, `${reason}: ${learnt}`);
    assert.equal(shedding.admission.inFlight, 0);
  }
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
