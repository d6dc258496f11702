import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { OwnTokens } from '../../src/auth/own-tokens.ts';
import { MeshError } from '../../src/core/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const LIFE = 100_000;

/** Tokens that are numbered as they are made. */
function someTokens(lifeMs = LIFE) {
  const clock = new VirtualClock();
  const source = { made: 0, away: undefined as unknown, gate: undefined as Promise<void> | undefined };
  const tokens = new OwnTokens(clock, async (audience) => {
    const number = ++source.made;
    await source.gate;
    if (source.away !== undefined) throw source.away;
    return { token: `${audience}-${number}`, expiresInMs: lifeMs };
  });
  return { clock, source, tokens, get: async (audience = 'orders') => tokens.get(audience, LIFE) };
}

test('a token is made when it is first wanted, once for all who want it meanwhile, and one for each audience', async () => {
  const { source, get } = someTokens();
  assert.deepEqual(await Promise.all([get(), get(), get('stock')]), ['orders-1', 'orders-1', 'stock-2']);
  assert.equal(source.made, 2);
});

test('the next is made when a fifth of the life of the last is left, and nobody waits for it', async () => {
  const { clock, source, tokens, get } = someTokens();
  await get();
  await clock.advance(80_000 - 1);
  assert.equal(tokens.get('orders', LIFE), 'orders-1');
  assert.equal(source.made, 1);
  await clock.advance(1);
  for (let call = 0; call < 100; call++) assert.equal(tokens.get('orders', LIFE), 'orders-1');
  await clock.advance(0);
  assert.equal(tokens.get('orders', LIFE), 'orders-2');
  assert.equal(source.made, 2);
  assert.equal(clock.pending, 0);
});

test('who gives a token at once, and no promise of one, is understood; who throws at once has failed', async () => {
  const clock = new VirtualClock();
  const made = { token: 'at-hand', expiresInMs: LIFE };
  assert.equal(await new OwnTokens(clock, (() => made) as never).get('orders', LIFE), 'at-hand');
  const failing = new OwnTokens(clock, () => {
    throw new RangeError('mine');
  });
  await assert.rejects(async () => failing.get('orders', LIFE), /no token to show could be had, RangeError/);
  assert.equal(clock.scheduled, 0);
});

test('who never gives a token is given up after ten seconds, and asked again', async () => {
  const { clock, source, tokens, get } = someTokens();
  source.gate = new Promise(() => {});
  const [one, other] = [get(), get()].map((got) => got.then(String, (error) => String(error.message)));
  await clock.advance(9_999);
  assert.equal(clock.scheduled, 1);
  await clock.advance(1);
  for (const said of [one, other]) assert.match(await said!, /^orders: no token to show could be had, TimeoutError/);
  assert.equal(source.made, 1);
  source.gate = undefined;
  await clock.advance(1_000);
  assert.equal(await get(), 'orders-2');
  assert.equal(clock.scheduled, 0);
  source.gate = new Promise(() => {});
  await clock.advance(LIFE);
  void get();
  assert.equal(clock.scheduled, 1);
  tokens.close();
  assert.equal(clock.scheduled, 0);
});

test('while the next can not be had the last is shown to its end, and it is tried once a second', async () => {
  const { clock, source, get } = someTokens();
  await get();
  await clock.advance(80_000);
  source.away = new Error('away');
  for (let tenth = 0; tenth < 190; tenth++) {
    assert.equal(await get(), 'orders-1');
    await clock.advance(100);
  }
  assert.ok(source.made <= 21, `${source.made}`);
  await assert.rejects(
    get(),
    (error) => MeshError.is(error) && error.code === 'UNAUTHENTICATED' && error.sent === 'no',
  );
  source.away = undefined;
  await clock.advance(1_000);
  assert.match(await get(), /^orders-\d+$/);
});

test('what a source says when it fails is not told on: it may hold what it exchanges', async () => {
  const { source, get } = someTokens();
  source.away = Object.assign(new Error('bad client_secret hunter2-hunter2'), { code: 'ECONNREFUSED' });
  await assert.rejects(get(), (error) => {
    assert.match((error as Error).message, /^orders: no token to show could be had, ECONNREFUSED \(/);
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/);
    return true;
  });
});

test('what is no token, or has no end, is not shown', async () => {
  const clock = new VirtualClock();
  for (const made of [
    undefined,
    {},
    { token: '', expiresInMs: 1 },
    { token: 'a\r\nb', expiresInMs: 9 },
    { token: 'a', expiresInMs: 0 },
  ]) {
    const tokens = new OwnTokens(clock, async () => made as never);
    await assert.rejects(async () => tokens.get('orders', LIFE), /no token to show could be had, TypeError/);
  }
});

test('a refused token is replaced once for all who were refused', async () => {
  const { source, tokens, get } = someTokens();
  const first = await get();
  const renewed = await Promise.all([1, 2, 3].map(() => tokens.renew('orders', LIFE, first)));
  assert.deepEqual(renewed, ['orders-2', 'orders-2', 'orders-2']);
  assert.equal(await tokens.renew('orders', LIFE, first), 'orders-2'); // who comes late gets what is there
  assert.equal(source.made, 2);
});

test('who refuses every token makes us make one in ten seconds, and not one for each call', async () => {
  const { clock, source, tokens, get } = someTokens();
  for (let call = 0; call < 600; call++) {
    await tokens.renew('orders', LIFE, await get());
    await clock.advance(100);
  }
  assert.ok(source.made <= 8, `${source.made}`);
});

test('no more than a thousand audiences are remembered', async () => {
  const { tokens, get } = someTokens();
  for (let audience = 0; audience < 1_200; audience++) await get(`service-${audience}`);
  assert.equal(tokens.facts.length, 1_000);
  assert.deepEqual(tokens.facts[0], { audience: 'service-1199', leftMs: LIFE - 1_000 }); // and no token
});
