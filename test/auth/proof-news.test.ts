import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeySet } from '../../src/auth/key-set.ts';
import { ProofNews } from '../../src/auth/proof-news.ts';
import { testEnv } from '../../src/testing.ts';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER } from './world.ts';

/** News of an issuer, and the problems that were told. */
function aTeller(patience?: number) {
  const env = testEnv();
  const news = new ProofNews(env, { service: 'orders', what: 'issuer', issuer: 'pay', ...(patience && { patience }) });
  return { env, news, told: () => env.told.map((event) => ('problem' in event ? event.problem : undefined)) };
}

test('what is looked at over and over is told once, however its faults change places, and again after it was well', () => {
  const { news, told } = aTeller();
  news.good();
  for (const problem of ['502', '503', '502', '503']) news.bad(problem);
  assert.deepEqual(told(), ['502', '503']);
  news.good();
  news.good();
  news.bad('503');
  assert.deepEqual(told(), ['502', '503', '', '503']);
});

test('a fault that has other words each time is told ten times', () => {
  const { news, told } = aTeller();
  for (let look = 0; look < 100; look++) news.bad(`fault ${look}`);
  assert.equal(told().length, 10);
});

test('what may take a moment is told when that many looks in a row have found it wrong', () => {
  const { news, told } = aTeller(3);
  for (const look of ['bad', 'bad', 'good', 'bad', 'bad'] as const) news[look]('ENOENT');
  assert.deepEqual(told(), []);
  news.bad('ENOENT');
  news.good();
  assert.deepEqual(told(), ['ENOENT', '']);
});

test('keys of an issuer that can not be read anew are told once while those before stand, and that they can be again', async () => {
  const { env, news } = aTeller();
  const { jwk } = await aKey('a');
  let isAway = false;
  const load = async (): Promise<string> => {
    if (isAway) throw Object.assign(new Error('away'), { code: 'ENOENT' });
    return JSON.stringify({ keys: [jwk] });
  };
  const set = new KeySet(env, load, { freshMs: 1_000, place: '/keys/pay.json', news });
  /** A token of it comes every other second. */
  const come = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      assert.equal((await set.find('a', 'ES256')).length, 1);
      await env.clock.advance(2_000);
    }
  };
  await come(3);
  isAway = true;
  await come(30);
  isAway = false;
  await come(10);
  const event = { type: 'credentials', service: 'orders', what: 'issuer', issuer: 'pay' };
  assert.deepEqual(
    env.told.map(({ at, ...rest }) => rest),
    [
      { ...event, problem: '/keys/pay.json: ENOENT' },
      { ...event, problem: '' },
    ],
  );
  assert.equal(env.clock.pending, 0);
});

test('the keys of an issuer that can not be read are told by its name, and nothing of what stands in the file', async () => {
  const keys = import.meta.filename; // which is no key set
  const { mesh, env, told } = await anIdentified({ issuers: [{ issuer: ISSUER, keys }] });
  const key = await aKey('a');
  for (let call = 0; call < 5; call++) {
    const { status } = await ask(mesh, bearer(await aToken(key, env.clock.epoch(), { jti: `${call}` })));
    assert.equal(status, 401);
    await env.clock.advance(20_000);
  }
  assert.deepEqual(
    told('credentials').map(({ at, ...rest }) => rest),
    [
      {
        ...{ type: 'credentials', service: 'orders', what: 'issuer', issuer: ISSUER },
        problem: `${keys}: it is no JSON`,
      },
    ],
  );
  await mesh.close();
});
