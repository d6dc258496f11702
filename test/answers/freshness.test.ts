import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySections } from '../../src/policy/table.ts';
import { refused } from '../../src/testing.ts';
import { aWorld, fail, give, hang } from '../filters/world.ts';
import { ask, get, keeper, said, told } from './kept.ts';

const once = { retry: { attempts: 1 } } as const;
const lastGood: PolicySections = { ...once, fallback: { mode: 'last-good' } };
const fresh: PolicySections = { ...once, fallback: { mode: 'last-good', fresh: true } };

test('an answer says itself for how long it stands in: stale-if-error', async () => {
  const world = aWorld({ policy: lastGood });
  await ask(world, give(said('x', { 'cache-control': 'max-age=10, stale-if-error=20' })));
  await world.env.clock.advance(29_999);
  assert.equal((await ask(world, fail(refused()))).text, 'x');
  await world.env.clock.advance(1);
  await assert.rejects(ask(world, fail(refused())), { code: 'ECONNREFUSED' });
  await world.end();
});

test('who asks for what is new gets nothing old', async () => {
  const world = aWorld({ policy: fresh });
  const long = { 'cache-control': 'max-age=600' };
  await ask(world, give(said('old', long)));
  for (const headers of [{ 'cache-control': 'no-cache' }, { 'cache-control': 'max-age=0' }, { pragma: 'no-cache' }]) {
    await assert.rejects(ask(world, fail(refused()), get('/orders/42', headers)), { code: 'ECONNREFUSED' });
  }
  assert.equal((await ask(world, give(said('new', long)))).text, 'old', 'and who does not, does');
  await world.end();
});

test('while an answer is fresh nobody is asked, where the policy wants that; its own age counts', async () => {
  const world = aWorld({ policy: fresh });
  await ask(world, give(said('x', { 'cache-control': 'max-age=60', age: '10' })));
  await world.env.clock.advance(49_999);
  const cached = await ask(world, give(said('y')));
  assert.equal(cached.text, 'x');
  assert.equal(cached.headers.age, '59');
  assert.equal(cached.headers['inmesh-fallback'], undefined);
  assert.equal(world.seen.length, 1);
  assert.deepEqual(
    told(world, 'cached').map((event) => event.type === 'cached' && [event.stale, event.ageMs]),
    [[false, 59_999]],
  );
  await world.env.clock.advance(1);
  assert.equal((await ask(world, give(said('y')))).text, 'y');
  await world.end();
});

test('Expires says the same as max-age; an answer that says nothing is never fresh', async () => {
  const world = aWorld({ policy: fresh });
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toUTCString();
  await ask(world, give(said('x', { date: at(0), expires: at(30_000) })), get('/dated'));
  await ask(world, give(said('x')), get('/bare'));
  await ask(world, give(said('x', { expires: '0' })), get('/zero'));
  await world.env.clock.advance(29_999);
  assert.equal((await ask(world, give(said('y')), get('/dated'))).text, 'x');
  assert.equal((await ask(world, give(said('y')), get('/bare'))).text, 'y');
  assert.equal((await ask(world, give(said('y')), get('/zero'))).text, 'y');
  await world.end();
});

test('a stale answer is given at once while a newer one is asked for, once, where its headers allow it', async () => {
  const world = aWorld({ policy: fresh });
  const headers = { 'cache-control': 'max-age=10, stale-while-revalidate=30' };
  await ask(world, give(said('old', headers)));
  await world.env.clock.advance(20_000);
  const slowly = () => new Promise((resolve) => world.env.clock.schedule(1_000, () => resolve(said('new', headers))));
  assert.equal((await ask(world, slowly)).text, 'old');
  assert.equal((await ask(world, slowly)).text, 'old');
  assert.equal(world.seen.length, 2, 'the first, and one that renews');
  await world.env.clock.advance(1_000);
  assert.equal((await ask(world, fail(refused()))).text, 'new');
  assert.equal(world.seen.length, 2);
  await world.end();
});

test('renewing ends with the deadline, and with the mesh; what is stale stays then', async () => {
  for (const closing of [false, true]) {
    const world = aWorld({ policy: { ...fresh, deadline: { timeout: '1s' } } });
    const headers = { 'cache-control': 'max-age=1, stale-while-revalidate=600' };
    await ask(world, give(said('old', headers)));
    await world.env.clock.advance(5_000);
    const controller = new AbortController();
    assert.equal((await ask(world, hang, get('/orders/42', {}, { signal: controller.signal }))).text, 'old');
    controller.abort();
    if (!closing) {
      await world.env.clock.advance(1_000);
      assert.equal((await ask(world, hang)).text, 'old');
      assert.equal(world.seen.length, 3, 'the caller that gave up did not end it; the deadline did');
    }
    await world.end(0);
  }
});

test('what was changed is not given as it was before', async () => {
  const world = aWorld({ policy: fresh });
  const long = { 'cache-control': 'max-age=600' };
  await ask(world, give(said('old', long)), get('/orders/42'));
  await ask(world, give(said('other', long)), get('/orders/43'));
  const put = { method: 'PUT', path: '/orders/42' };
  await ask(world, give(said('', {}, 409)), put);
  assert.equal((await ask(world, give(said('new')), get('/orders/42'))).text, 'old', 'nothing was changed');
  await ask(world, give(said('', {}, 204)), put);
  assert.equal((await ask(world, give(said('new')), get('/orders/42'))).text, 'new');
  assert.equal((await ask(world, give(said('new')), get('/orders/43'))).text, 'other');
  await world.end();
});

test('it keeps as many and as much as the policy says, those asked for last; also when the policy changes', async () => {
  const of = (more: NonNullable<PolicySections['fallback']>): PolicySections => ({
    ...once,
    fallback: { mode: 'last-good', ...more },
  });
  const world = aWorld({ policy: of({ entries: 3 }) });
  for (const path of ['/1', '/2', '/3', '/4']) await ask(world, give(said(path)), get(path));
  assert.equal(world.mesh.snapshot().clusters[0]!.kept!.answers, 3);
  await assert.rejects(ask(world, fail(refused()), get('/1')));
  world.mesh.setPolicy({ defaults: of({ entries: 2, bytes: 40_000 }) });
  await ask(world, give(said('x'.repeat(10_001))), get('/long'));
  await assert.rejects(ask(world, fail(refused()), get('/long')), 'longer than a quarter');
  await ask(world, give(said('5')), get('/5'));
  assert.equal((await ask(world, fail(refused()), get('/4'))).text, '/4');
  await assert.rejects(ask(world, fail(refused()), get('/3')));
  await world.end();
});

test('a renewal whose answer never ends is given up at its deadline, and the next one asks again', async () => {
  const world = aWorld({ policy: { ...fresh, deadline: { timeout: '5s' } } });
  const headers = { 'cache-control': 'max-age=10, stale-while-revalidate=600' };
  let gathered = 0;
  const gather = (): Promise<never> => {
    gathered++;
    return new Promise(() => {});
  };
  const endless = get('/orders/42', {}, { request: { headers: {}, keeper: { ...keeper, gather } } });
  let dumped = 0;
  const answer = () => ({ ...said('new', headers), body: { dump: () => dumped++, destroy: () => {} } });
  await ask(world, give(said('old', headers)), endless);
  await world.env.clock.advance(20_000);
  assert.equal((await ask(world, async () => answer(), endless)).text, 'old');
  assert.equal((await ask(world, async () => answer(), endless)).text, 'old');
  assert.equal(gathered, 1, 'one renewal at a time');
  await world.env.clock.advance(5_000);
  assert.equal(dumped, 1, 'its answer is let go of');
  assert.equal((await ask(world, async () => answer(), endless)).text, 'old');
  assert.equal(gathered, 2);
  await world.end();
});
