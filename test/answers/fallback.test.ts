import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshError } from '../../src/core/errors.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { refused } from '../../src/testing.ts';
import { aWorld, fail, give, hang } from '../filters/world.ts';
import { ask, get, type Said, said, told } from './kept.ts';

const once = { retry: { attempts: 1 } } as const;
const lastGood: PolicySections = { ...once, fallback: { mode: 'last-good' } };

test('without a fallback a call that fails fails as ever', async () => {
  const error = refused();
  const world = aWorld({ policy: once });
  assert.equal((await world.outcome(fail(error), get())).error, error);
});

test('a function of the caller gets the error after all retries, and gives what the call comes to', async () => {
  const error = refused();
  const heard: unknown[] = [];
  const world = aWorld();
  const { value } = await world.outcome(fail(error), {
    fallback: (reason) => {
      heard.push(reason);
      return 'instead';
    },
  });
  assert.equal(value, 'instead');
  assert.deepEqual(heard, [error]);
  assert.equal(world.seen.length, 3);
  assert.deepEqual(
    told(world, 'fallback').map((event) => event.type === 'fallback' && [event.source, event.why]),
    [['call', 'ECONNREFUSED']],
  );
});

test('the deadline of the call does not take its fallback away, though its client listens to nobody', async () => {
  const world = aWorld({ policy: { deadline: { timeout: '200ms' } } });
  let heard: MeshError | undefined;
  const came = await world.outcome(hang, {
    fallback: async (error) => {
      heard = error as MeshError;
      return 'instead';
    },
  });
  assert.equal(came.value, 'instead');
  assert.equal(came.at, 200);
  assert.equal(heard!.reason, 'deadline');
});

test('a fallback has as long as the call had; then the first error stands', async () => {
  const world = aWorld({ policy: { ...once, deadline: { timeout: '300ms' } } });
  const error = refused();
  const came = await world.outcome(fail(error), { fallback: hang });
  assert.equal(came.error, error);
  assert.equal(came.at, 300);
});

test('where the fallback fails too, the first error stands', async () => {
  const error = refused();
  for (const fallback of [
    () => {
      throw new Error('of the fallback');
    },
    fail(new Error('of the fallback')),
  ]) {
    const world = aWorld({ policy: once });
    assert.equal((await world.outcome(fail(error), { fallback })).error, error);
    assert.equal(told(world, 'fallback').length, 0);
  }
});

test('that its caller gave up is never hidden, before the fallback or while it works', async () => {
  for (const send of [hang, fail(refused())]) {
    const world = aWorld({ policy: once });
    const controller = new AbortController();
    world.env.clock.schedule(100, () => controller.abort());
    const came = await world.outcome(send, { fallback: hang, signal: controller.signal });
    assert.equal(came.error!.reason, 'caller');
    assert.equal(came.at, 100);
  }
});

test('a mistake in what was asked is no failure: it is told, not covered up', async () => {
  for (const error of [new TypeError('a slip'), Object.assign(new Error('Not Found'), { status: 404 })]) {
    const world = aWorld({ policy: once });
    assert.equal((await world.outcome(fail(error), { fallback: give('instead') })).error, error);
  }
  const closed = aWorld();
  await closed.end();
  await assert.rejects(closed.call(give(1), { fallback: give('instead') }) as Promise<never>, { reason: 'closed' });
});

test('an answer that is a failure is one for the fallback too, which gets it as the cause', async () => {
  const bad = said('', {}, 503);
  let heard: MeshError | undefined;
  const world = aWorld({ policy: once });
  const { value } = await world.outcome(give(bad), {
    fallback: (error) => {
      heard = error as MeshError;
      return 'instead';
    },
  });
  assert.equal(value, 'instead');
  assert.equal(heard!.reason, 'fallback');
  assert.equal(heard!.cause, bad);
});

test('the policy may have an answer at hand, which says that it is one', async () => {
  const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: '[]' };
  const world = aWorld({ policy: { ...once, fallback: { mode: 'answer', answer } } });
  const { value } = await world.outcome(fail(refused()), get());
  assert.deepEqual(value, said('[]', { 'content-type': 'application/json', 'inmesh-fallback': 'answer' }));
});

test('an answer at hand is none for a client of which nobody knows what its answers look like', async () => {
  const error = refused();
  const world = aWorld({ policy: { ...once, fallback: { mode: 'answer', answer: { status: 200 } } } });
  assert.equal((await world.outcome(fail(error), { method: 'GET', path: '/' })).error, error);
});

test('the last good answer stands in, with its age, until it is too old', async () => {
  const world = aWorld({ policy: lastGood });
  await ask(world, give(said('good')));
  await world.env.clock.advance(90_000);
  const stale = await ask(world, fail(refused()));
  assert.equal(stale.text, 'good');
  assert.equal(stale.headers['inmesh-fallback'], 'last-good');
  assert.equal(stale.headers.age, '90');
  assert.equal(stale.headers['cache-status'], 'inmesh; hit; ttl=-90');
  await world.env.clock.advance(210_000);
  await assert.rejects(ask(world, fail(refused())), { code: 'ECONNREFUSED' });
  await world.end();
});

test('it stands in for a bad answer and for a deadline as well; a good answer is always asked for first', async () => {
  const world = aWorld({ policy: { ...lastGood, deadline: { timeout: '100ms' } } });
  await ask(world, give(said('one')));
  assert.equal((await ask(world, give(said('sick', {}, 503)))).text, 'one');
  assert.equal((await ask(world, hang, get(), 100)).text, 'one');
  assert.equal((await ask(world, give(said('two')))).text, 'two');
  assert.equal((await ask(world, fail(refused()))).text, 'two');
  assert.equal((await ask(world, give(said('not you', {}, 403)))).text, 'not you', 'which is an answer');
  assert.match(world.mesh.explain('orders'), /fallback keeps 1 answer of \d+ bytes/);
  await ask(world, give(said('nothing', {}, 404)));
  await assert.rejects(ask(world, fail(refused())), { code: 'ECONNREFUSED' }, 'what is gone is not given any more');
  await world.end();
});

test('an answer is given to who asks for the same, and to nobody else', async () => {
  const world = aWorld({ policy: lastGood });
  await ask(world, give(said('mine')), get('/a', { 'accept-language': 'de', 'x-user': '7', traceparent: 'one' }));
  const none = { code: 'ECONNREFUSED' };
  for (const other of [
    get('/b', { 'accept-language': 'de', 'x-user': '7' }),
    get('/a', { 'accept-language': 'de' }),
    get('/a', { 'accept-language': 'de', 'x-user': '8' }),
    get('/a', { 'accept-language': 'de', 'x-user': '7' }, { method: 'HEAD' }),
    { ...get('/a', { 'accept-language': 'de', 'x-user': '7' }), headers: { 'x-more': '1' } },
  ]) {
    await assert.rejects(ask(world, fail(refused()), other), none);
  }
  const same = get('/a', { 'x-user': '7', traceparent: 'two', 'accept-language': 'de' });
  assert.equal((await ask(world, fail(refused()), same)).text, 'mine');
  await world.end();
});

const FORBIDDEN: Readonly<Record<string, [Said, Record<string, string>?]>> = {
  'no-store': [said('x', { 'cache-control': 'no-store' })],
  private: [said('x', { 'cache-control': 'private, max-age=60' })],
  'a cookie is set': [said('x', { 'set-cookie': ['a=1'], 'cache-control': 'public' })],
  'it varies by anything': [said('x', { vary: '*' })],
  'it varies by what is no part of the key': [said('x', { vary: 'accept, User-Agent' })],
  'part of a whole': [said('x', {}, 206)],
  'no-cache': [said('x', { 'cache-control': 'no-cache' })],
  'must-revalidate': [said('x', { 'cache-control': 'max-age=0, must-revalidate' })],
  'for shared caches, and they may not give it later': [said('x', { 'cache-control': 's-maxage=0' })],
  'somebody’s own, by authorization': [said('x'), { authorization: 'Bearer a' }],
  'somebody’s own, by cookie': [said('x'), { cookie: 'session=1' }],
  'the request forbids it': [said('x'), { 'cache-control': 'no-store' }],
};

for (const [why, [answer, headers]] of Object.entries(FORBIDDEN)) {
  test(`an answer that must not be kept, or not be given later, is not: ${why}`, async () => {
    const world = aWorld({ policy: lastGood });
    await ask(world, give(said('before')), get('/', headers));
    await ask(world, give(answer), get('/', headers));
    await assert.rejects(ask(world, fail(refused()), get('/', headers)), { code: 'ECONNREFUSED' });
    await world.end();
  });
}

test('what is public may be kept for who proves who they are; but each has their own', async () => {
  const world = aWorld({ policy: lastGood });
  const by = (token: string) => get('/', { authorization: token });
  await ask(world, give(said('all', { 'cache-control': 'public' })), by('Bearer a'));
  assert.equal((await ask(world, fail(refused()), by('Bearer a'))).text, 'all');
  await assert.rejects(ask(world, fail(refused()), by('Bearer b')), { code: 'ECONNREFUSED' });
  await world.end();
});

test('the call’s own fallback is nearer than what the policy has', async () => {
  const world = aWorld({ policy: lastGood });
  await ask(world, give(said('kept')));
  assert.equal(await world.call(fail(refused()), get('/orders/42', {}, { fallback: give('own') })), 'own');
  await world.end();
});

test('the bad answer that a fallback is to stand in for is let go of when its caller gives up meanwhile', async () => {
  const world = aWorld({ policy: { retry: { attempts: 1 } } });
  let dumped = 0;
  const gone = new AbortController();
  const call = world.call(give({ ...said('no', {}, 503), body: { dump: () => dumped++ } }), {
    signal: gone.signal,
    fallback: () => new Promise(() => {}),
  });
  await world.env.clock.advance(10);
  gone.abort();
  await assert.rejects(call, { reason: 'caller' });
  await world.end();
  assert.equal(dumped, 1);
});

test('how much is kept is a matter of the service: what a route says of it pushes out nothing that others keep', async () => {
  const world = aWorld({});
  const fallback = { mode: 'last-good' } as const;
  world.mesh.setPolicy({
    defaults: { retry: { attempts: 1 }, fallback },
    services: { orders: { routes: { few: { fallback: { ...fallback, entries: 1 } } } } },
  });
  await ask(world, give(said('a')), get('/a'));
  await ask(world, give(said('b')), get('/b'));
  await ask(world, give(said('c')), get('/c', {}, { route: 'few' }));
  assert.equal((await ask(world, fail(refused()), get('/a'))).text, 'a');
  assert.equal(world.mesh.snapshot().clusters[0]!.kept?.answers, 3);
  world.mesh.setPolicy({ defaults: { retry: { attempts: 1 }, fallback: { ...fallback, entries: 2 } } });
  await ask(world, give(said('d')), get('/d'));
  assert.equal(world.mesh.snapshot().clusters[0]!.kept?.answers, 2, 'what the service says counts at once');
  await world.end();
});
