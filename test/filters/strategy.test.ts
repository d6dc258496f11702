import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import type { MeshError } from '../../src/core/errors.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, refused, reset } from '../../src/testing.ts';
import { get } from '../answers/kept.ts';
import { aWorld, fail, give, hang, inTurn, later, type World } from './world.ts';

const GET = { method: 'GET' };
type Mode = NonNullable<NonNullable<PolicySections['strategy']>['mode']>;
const by = (mode: Mode, more: PolicySections = {}): PolicySections => ({
  retry: { backoff: '0ms' },
  ...more,
  strategy: { mode, ...more.strategy },
});
const told = (world: World, type: string) => world.env.told.filter((event) => event.type === type);

test('failover, which is the default, tries elsewhere', async () => {
  for (const policy of [{}, by('failover')]) {
    const world = aWorld({ policy });
    await world.outcome(fail(refused()), GET);
    assert.equal(new Set(world.seen.map(({ attempt }) => attempt.url)).size, 3);
  }
});

test('failfast tries once, and hedges nothing', async () => {
  const hedge = { mode: 'delay', delay: '10ms', budget: 1 } as const;
  const world = aWorld({ policy: by('failfast', { hedge }) });
  const error = refused();
  assert.equal(
    (await world.outcome(() => later(() => world, 100, error)(world.seen.at(-1)!.attempt), GET)).error,
    error,
  );
  assert.equal(world.seen.length, 1);
});

test('failsafe comes to nothing where failover would fail: undefined, or an empty answer of the client', async () => {
  for (const [options, value] of [
    [GET, undefined],
    [get(), { statusCode: 204, headers: { 'inmesh-fallback': 'failsafe' }, text: '' }],
  ] as const) {
    const world = aWorld({ policy: by('failsafe') });
    const came = await world.outcome(fail(refused()), options);
    assert.equal(came.error, undefined);
    assert.deepEqual(came.value, value);
    assert.equal(world.seen.length, 3);
    assert.equal(told(world, 'fallback').length, 1);
  }
});

test('failsafe hides no slip and no abort', async () => {
  const slip = new TypeError('a slip');
  assert.equal((await aWorld({ policy: by('failsafe') }).outcome(fail(slip))).error, slip);
  const controller = new AbortController();
  const world = aWorld({ policy: by('failsafe') });
  world.env.clock.schedule(10, () => controller.abort());
  assert.equal((await world.outcome(hang, { signal: controller.signal })).error!.reason, 'caller');
});

test('failback comes to nothing at once, and the call is made again until it succeeds', async () => {
  const world = aWorld({ policy: { ...by('failback'), retry: { attempts: 1 } } });
  const send = inTurn(fail(refused()), fail(reset()), give(answer(200)));
  assert.equal(await world.call(send, GET), undefined);
  assert.match(world.mesh.explain('orders'), /failback: 1 call waits to be tried again/);
  assert.equal(world.env.clock.pending, 1, 'the process stays for it');
  await world.env.clock.advance(10_000);
  assert.deepEqual(
    world.seen.map(({ at }) => at),
    [0, 5_000, 10_000],
  );
  assert.deepEqual(
    told(world, 'failback').map((event) => event.type === 'failback' && [event.well, event.tries]),
    [[true, 2]],
  );
  assert.equal(world.mesh.snapshot().clusters[0]!.failbacks, 0);
  await world.end();
});

test('failback gives up after so many tries, and a try that hangs ends with its deadline', async () => {
  const world = aWorld({ policy: { ...by('failback'), retry: { attempts: 1 }, deadline: { timeout: '1s' } } });
  const call = world.call(hang, GET);
  await world.env.clock.advance(60_000);
  assert.equal(await call, undefined);
  assert.deepEqual(
    world.seen.map(({ at }) => at),
    [0, 6_000, 12_000, 18_000],
  );
  assert.deepEqual(
    told(world, 'failback').map((event) => event.type === 'failback' && [event.well, event.tries]),
    [[false, 3]],
  );
  await world.end();
});

test('what can not be made again without harm is not: the error stands', async () => {
  for (const [error, options] of [
    [reset(), { method: 'POST' }],
    [refused(), { method: 'GET', replayable: false }],
  ] as const) {
    const world = aWorld({ policy: { ...by('failback'), retry: { attempts: 1 } } });
    assert.equal((await world.outcome(fail(error), options)).error, error);
  }
});

test('no more wait than the queue holds; those beyond fail', async () => {
  const policy = { ...by('failback'), strategy: { mode: 'failback', queue: 2 }, retry: { attempts: 1 } } as const;
  const world = aWorld({ policy });
  const calls = await Promise.allSettled(Array.from({ length: 5 }, () => world.call(fail(refused()), GET)));
  assert.equal(calls.filter(({ status }) => status === 'rejected').length, 3);
  assert.match(world.mesh.explain('orders'), /failback: 2 calls wait/);
  await world.mesh.close();
  await world.env.clock.advance(60_000);
  assert.equal(world.seen.length, 5, 'what waits ends with the mesh');
  await world.end();
});

test('a try that is under way when the mesh closes ends with it', async () => {
  const world = aWorld({ policy: { ...by('failback'), retry: { attempts: 1 } } });
  await world.call(inTurn(fail(refused()), hang), GET);
  await world.env.clock.advance(5_000);
  assert.equal(world.seen.length, 2);
  await world.end(0);
  assert.equal(world.seen[1]!.attempt.signal.aborted, true);
});

test('forking sends to two endpoints at once; the first good answer wins, and the other is called off', async () => {
  const world = aWorld({ policy: by('forking') });
  const fast = answer(200);
  let turn = 0;
  const send: Send<unknown> = (attempt) => later(() => world, turn++ === 0 ? 200 : 20, fast)(attempt);
  const came = await world.outcome(send, GET);
  assert.equal(came.at, 20);
  assert.deepEqual(
    world.seen.map(({ at, attempt }) => [at, attempt.attempt, attempt.signal.aborted]),
    [
      [0, 1, true],
      [0, 2, false],
    ],
  );
});

test('forking sends what must not be sent twice once', async () => {
  const world = aWorld({ policy: by('forking') });
  await world.outcome(give(answer(200)), { method: 'POST' });
  assert.equal(world.seen.length, 1);
});

test('broadcast sends to every endpoint, whatever the method, and comes to a good answer', async () => {
  const world = aWorld({ policy: by('broadcast') });
  const { value } = await world.outcome(give(answer(200)), { method: 'POST' });
  assert.deepEqual(value, answer(200));
  assert.deepEqual(
    new Set(world.seen.map(({ attempt }) => attempt.url)),
    new Set(['http://a:1', 'http://b:1', 'http://c:1']),
  );
  const [event, call] = [told(world, 'broadcast')[0], told(world, 'call')[0]];
  assert.ok(event?.type === 'broadcast' && event.endpoints === 3 && event.well === 3);
  assert.ok(call?.type === 'call' && call.attempts === 3 && call.outcome === 'success');
});

test('where one endpoint fails, its own retries go to it again; then the broadcast fails with what it said', async () => {
  const world = aWorld({ policy: by('broadcast') });
  const error = refused();
  const send: Send<unknown> = ({ url }) => (url === 'http://b:1' ? Promise.reject(error) : answer(200));
  assert.equal((await world.outcome(send, GET)).error, error);
  assert.deepEqual(world.seen.map(({ attempt }) => attempt.url).sort(), [
    'http://a:1',
    'http://b:1',
    'http://b:1',
    'http://b:1',
    'http://c:1',
  ]);
});

test('a broadcast is well when enough endpoints are', async () => {
  const send: Send<unknown> = ({ url }) => (url === 'http://b:1' ? Promise.reject(refused()) : answer(200));
  for (const [enough, well] of [
    [0.6, true],
    [0.7, false],
    [0, true],
  ] as const) {
    const world = aWorld({ policy: by('broadcast', { strategy: { enough } }) });
    assert.equal((await world.outcome(send, GET)).error === undefined, well);
  }
  const none = aWorld({ policy: by('broadcast', { strategy: { enough: 0 } }) });
  assert.equal((await none.outcome(fail(refused()), GET)).error!.code, 'ECONNREFUSED', 'one must be');
});

test('a broadcast waits until it is known where the service lives, and says when nobody is there', async () => {
  const world = aWorld({ policy: by('broadcast') });
  world.registry.pending('orders');
  world.env.clock.schedule(100, () => world.registry.set('orders', ['http://a:1', 'http://b:1']));
  await world.outcome(give(answer(200)), GET);
  assert.equal(world.seen.length, 2);
  const empty = aWorld({ policy: by('broadcast'), endpoints: [] });
  assert.equal((await empty.outcome(give(1), GET)).error!.reason, 'no-endpoints');
});

test('a broadcast that waits keeps the process alive, and says what it waited for when its time is up', async () => {
  const world = aWorld({ policy: by('broadcast') });
  world.registry.pending('orders');
  const [failed, other] = [0, 1].map(() => world.call(give(1), { timeout: '1s' }).catch(({ message }) => message));
  world.registry.fail(new Error('10.0.0.1:2181: ECONNREFUSED'));
  await world.env.clock.advance(0);
  assert.equal(world.env.clock.pending, 2);
  await world.env.clock.advance(1_000);
  assert.match(String(await failed), /the registry has not said where it is: 10\.0\.0\.1:2181: ECONNREFUSED/);
  await other;
  assert.equal(world.env.clock.pending, 0);
  await world.end();
});

test('a broadcast whose time is up while it waits may be answered by a fallback, and one given up ends at once', async () => {
  const fallback = { mode: 'answer', answer: { status: 200, body: '[]' } } as const;
  const world = aWorld({ policy: by('broadcast', { fallback }) });
  world.registry.pending('orders');
  const gone = new AbortController();
  const calls = [
    world.call(give(1), { ...get(), timeout: '1s' }),
    world.call(give(1), { ...get(), signal: gone.signal }).catch(({ reason }) => reason),
  ];
  await world.env.clock.advance(100);
  gone.abort();
  assert.equal(await calls[1], 'caller');
  await world.env.clock.advance(900);
  assert.deepEqual(await calls[0], { statusCode: 200, headers: { 'inmesh-fallback': 'answer' }, text: '[]' });
  assert.equal(world.seen.length, 0);
  await world.end();
});

test('who gives up a broadcast calls all of it off; and so does the deadline, each for itself', async () => {
  const controller = new AbortController();
  const world = aWorld({ policy: by('broadcast') });
  world.env.clock.schedule(50, () => controller.abort());
  const came = await world.outcome(hang, { ...GET, signal: controller.signal });
  assert.equal(came.error!.reason, 'caller');
  assert.deepEqual([came.error!.sent, (came.error!.attempts as unknown[]).length], ['maybe', 3]);
  assert.ok(world.seen.length === 3 && world.seen.every(({ attempt }) => attempt.signal.aborted));
  const late = aWorld({ policy: by('broadcast', { deadline: { timeout: '100ms' }, strategy: { enough: 0.5 } }) });
  const send: Send<unknown> = ({ url }) => (url === 'http://b:1' ? hang() : answer(200));
  const { value, at } = await late.outcome(send, GET);
  assert.deepEqual([value, at], [answer(200), 100]);
});

test('a call may say its own strategy, and only one that there is', async () => {
  const world = aWorld({ policy: { retry: { backoff: '0ms' } } });
  await assert.rejects(world.call(fail(refused()), { ...GET, strategy: 'failfast' }), { code: 'ECONNREFUSED' });
  assert.equal(world.seen.length, 1);
  const odd = { ...GET, strategy: 'failhard' } as unknown as CallOptions;
  await assert.rejects(world.call(give(1), odd), (error: MeshError) => error.reason === 'request');
  await world.end();
});

test('the good answer of a broadcast that its caller gave up is let go of, though it would have been enough', async () => {
  const world = aWorld({ policy: { strategy: { mode: 'broadcast', enough: 0.1 } } });
  let dumped = 0;
  const body = { dump: () => dumped++ };
  const gone = new AbortController();
  const call = world.call(({ url }) => (url === 'http://a:1' ? { ...answer(200), body } : hang()), {
    signal: gone.signal,
  });
  await world.env.clock.advance(100);
  gone.abort();
  await assert.rejects(call, { reason: 'caller' });
  await world.end();
  assert.equal(dumped, 1);
});
