import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { refused } from '../../src/testing.ts';
import { aWorld, hang, type World } from '../filters/world.ts';
import { get, type Said, said } from './kept.ts';

const on: PolicySections = { collapse: { mode: 'on' }, retry: { attempts: 1 } };

const later =
  (world: World, value: unknown, ms = 100): Send<unknown> =>
  () =>
    new Promise((resolve, reject) =>
      world.env.clock.schedule(ms, () => (value instanceof Error ? reject(value) : resolve(value))),
    );

/** Asks as often, all at once; what becomes of each. */
function several(world: World, send: Send<unknown>, options: readonly CallOptions[]) {
  const calls = options.map((one) => world.call(send, one) as Promise<Said>);
  return Promise.allSettled(calls);
}

const values = (settled: readonly PromiseSettledResult<Said>[]) =>
  settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));

test('it is off unless the policy says otherwise', async () => {
  const world = aWorld();
  const all = several(world, later(world, said('x')), [get(), get()]);
  await world.end();
  await all;
  assert.equal(world.seen.length, 2);
});

test('what a hundred ask for at once is asked for once, and each gets a copy of its own', async () => {
  const world = aWorld({ policy: on });
  const all = several(
    world,
    later(world, said('x', { etag: '1' })),
    Array.from({ length: 100 }, () => get()),
  );
  await world.env.clock.advance(100);
  const answers = values(await all);
  assert.equal(world.seen.length, 1);
  assert.ok(answers.every((one) => one!.text === 'x' && one!.headers.etag === '1'));
  assert.equal(new Set(answers).size, 100);
  assert.equal(world.env.told.filter(({ type }) => type === 'collapse').length, 99);
  assert.equal(world.env.told.filter(({ type }) => type === 'call').length, 100);
  assert.match(world.mesh.explain('orders'), /collapse: 99 calls were answered with the answer to another/);
  assert.equal(world.mesh.snapshot().clusters[0]!.collapsed, 99);
  await world.end();
});

test('who asks alone gets the very answer', async () => {
  const world = aWorld({ policy: on });
  const answer = said('x');
  assert.equal((await world.outcome(later(world, answer), get())).value, answer);
});

test('who asks after the answer has come asks anew', async () => {
  const world = aWorld({ policy: on });
  const first = several(world, later(world, said('x')), [get(), get()]);
  await world.env.clock.advance(100);
  await first;
  const second = several(world, later(world, said('y')), [get()]);
  await world.end();
  assert.equal(values(await second)[0]!.text, 'y');
  assert.equal(world.seen.length, 2);
});

test('only what is the same is one: method, path, and every header that may matter', async () => {
  const different: CallOptions[] = [
    get('/a'),
    get('/b'),
    get('/a', {}, { method: 'HEAD' }),
    get('/a', { accept: 'text/html' }),
    get('/a', { authorization: 'Bearer a' }),
    get('/a', { authorization: 'Bearer b' }),
    get('/a', {}, { headers: { 'x-tenant': '1' } }),
    get('/a', {}, { method: 'POST' }),
    get('/a', {}, { method: 'POST' }),
    { method: 'GET', path: '/a' },
    { method: 'GET', path: '/a' },
  ];
  const world = aWorld({ policy: on });
  const all = several(world, later(world, said('x')), different);
  await world.end();
  await all;
  assert.equal(world.seen.length, different.length);
});

test('headers that only trace do not matter, nor those that the policy names', async () => {
  const world = aWorld({ policy: { ...on, collapse: { mode: 'on', ignore: ['x-device'] } } });
  const all = several(world, later(world, said('x')), [
    get('/a', { traceparent: 'one', 'x-request-id': '1', 'x-device': 'a', 'user-agent': 'p' }),
    get('/a', { traceparent: 'two', 'x-request-id': '2', 'x-device': 'b' }),
  ]);
  await world.end();
  await all;
  assert.equal(world.seen.length, 1);
});

test('what callers carry as baggage may matter, and so may how much they matter', async () => {
  const world = aWorld({ policy: on });
  const by = (baggage: string) =>
    world.mesh.within({ baggage }, () => world.call(later(world, said('x')), get()) as Promise<Said>);
  const all = [by('user=1'), by('user=2'), by('user=2'), by('inmesh.priority=critical')];
  await world.end();
  await Promise.all(all);
  assert.equal(world.seen.length, 3);
});

test('an error is an error for all', async () => {
  const error = refused();
  const world = aWorld({ policy: on });
  const all = several(world, later(world, error), [get(), get(), get()]);
  await world.end();
  assert.ok((await all).every((one) => one.status === 'rejected' && one.reason === error));
  assert.equal(world.seen.length, 1);
});

test('who gives up leaves the others untouched, be it the first or another', async () => {
  for (const place of [0, 1, 2]) {
    const world = aWorld({ policy: on });
    const controller = new AbortController();
    const options = [0, 1, 2].map((at) => get('/a', {}, at === place ? { signal: controller.signal } : {}));
    const all = several(world, later(world, said('x')), options);
    await world.env.clock.advance(50);
    controller.abort();
    await world.end();
    const settled = await all;
    for (const [at, one] of settled.entries()) {
      if (at === place) assert.ok(one.status === 'rejected' && one.reason.reason === 'caller');
      else assert.ok(one.status === 'fulfilled' && one.value.text === 'x');
    }
    assert.equal(world.seen.length, 1);
    assert.equal(world.seen[0]!.attempt.signal.aborted, false);
  }
});

test('when the last gives up, the request is called off', async () => {
  const world = aWorld({ policy: on });
  const [one, other] = [new AbortController(), new AbortController()];
  const all = several(world, hang, [get('/a', {}, { signal: one.signal }), get('/a', {}, { signal: other.signal })]);
  await world.env.clock.advance(10);
  one.abort();
  assert.equal(world.seen[0]!.attempt.signal.aborted, false);
  other.abort();
  assert.equal(world.seen[0]!.attempt.signal.aborted, true);
  await all;
  assert.equal(
    world.mesh.snapshot().clusters[0]!.endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0),
    0,
  );
  await world.end();
});

test('each has its own deadline, and the request as long as the last of them', async () => {
  const world = aWorld({ policy: { ...on, retry: { attempts: 3, backoff: '0ms' } } });
  let turn = 0;
  const slow: Send<unknown> = () => later(world, turn++ === 0 ? refused() : said('x'), 150)({} as never);
  const short = world.call(slow, get('/a', {}, { timeout: '100ms' }));
  const long = world.call(slow, get('/a', {}, { timeout: '1s' })) as Promise<Said>;
  short.catch(() => {});
  await world.env.clock.advance(400);
  await assert.rejects(short, { reason: 'deadline' });
  assert.equal((await long).text, 'x', 'by a retry, for which the first had no time');
  assert.equal(world.seen.length, 2);
  await world.end();
});

test('an answer that is too long goes to the first; the others ask for themselves', async () => {
  const world = aWorld({ policy: { ...on, collapse: { mode: 'on', bytes: 10 } } });
  const answers = ['x'.repeat(11), 'y', 'z'].map((text) => said(text));
  let turn = 0;
  const all = several(world, () => later(world, answers[turn++])({} as never), [get(), get(), get()]);
  await world.end();
  const came = values(await all);
  assert.equal(came[0], answers[0]);
  assert.deepEqual(new Set(came), new Set(answers));
  assert.equal(world.seen.length, 3);
});

test('no more wait for one answer than the policy allows', async () => {
  const world = aWorld({ policy: { ...on, collapse: { mode: 'on', waiters: 2 } } });
  const all = several(world, later(world, said('x')), [get(), get(), get(), get()]);
  await world.end();
  await all;
  assert.equal(world.seen.length, 3);
});

test('a mesh that closes ends what is shared for all who wait', async () => {
  const world = aWorld({ policy: { ...on, deadline: { timeout: '1h' } } });
  const all = several(world, hang, [get(), get()]);
  const closing = world.mesh.close();
  await world.env.clock.advance(10_000);
  await closing;
  assert.ok((await all).every((one) => one.status === 'rejected' && one.reason.reason === 'closed'));
});
