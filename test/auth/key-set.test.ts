import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { KeySet } from '../../src/auth/key-set.ts';
import { type Key, readKeys } from '../../src/auth/keys.ts';
import { testEnv } from '../../src/testing/env.ts';
import { aKey, type TestKey } from './world.ts';

const FRESH_MS = 600_000;
let keys: TestKey[];
before(async () => {
  keys = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((kid) => aKey(kid)));
});

/** A key set whose source has the keys named, or is away. */
function aKeySet(...kids: string[]) {
  const env = testEnv();
  const source = { kids, away: false, asked: 0, gate: undefined as Promise<void> | undefined };
  const set = new KeySet(
    env,
    async () => {
      source.asked++;
      const there = source.kids.join();
      await source.gate;
      if (source.away) throw new Error('away');
      return JSON.stringify({ keys: keys.filter(({ kid }) => there.includes(kid)).map(({ jwk }) => jwk) });
    },
    { freshMs: FRESH_MS },
  );
  const find = async (kid: string | undefined): Promise<string> =>
    (await set.find(kid, 'ES256')).map((key) => key.kid).join();
  return { env, source, set, find };
}

test('keys are read when one is first needed, once for all who ask meanwhile', async () => {
  const { source, find, set } = aKeySet('a', 'b');
  assert.equal(source.asked, 0);
  assert.deepEqual(await Promise.all([find('a'), find('b'), find('a')]), ['a', 'b', 'a']);
  assert.equal(source.asked, 1);
  assert.equal(set.size, 2);
});

test('known keys are given at once, and looked at again after ten minutes, in the background', async () => {
  const { env, source, find, set } = aKeySet('a');
  await find('a');
  await env.clock.advance(FRESH_MS - 1);
  assert.ok(Array.isArray(set.find('a', 'ES256')));
  assert.equal(source.asked, 1);
  await env.clock.advance(1);
  source.kids = ['b'];
  assert.equal((set.find('a', 'ES256') as readonly unknown[]).length, 1); // nobody waits for it
  assert.equal(source.asked, 2);
  await env.clock.advance(0);
  assert.equal(await find('b'), 'b');
  assert.equal(await find('a'), ''); // withdrawn
});

test('where nobody came for long, who comes waits for the keys: they may have been withdrawn long ago', async () => {
  const { env, source, find, set } = aKeySet('a', 'c');
  await find('a');
  await env.clock.advance(1.1 * FRESH_MS - 1);
  assert.equal(set.find('c', 'ES256') instanceof Promise, false); // a moment late is not long
  await env.clock.advance(1.1 * FRESH_MS);
  source.kids = ['b'];
  assert.deepEqual(await Promise.all([find('a'), find('a')]), ['', '']);
  assert.equal(await find('b'), 'b');
  assert.equal(source.asked, 3);
  source.away = true; // and where the source is away, those that were good last stand
  await env.clock.advance(1.1 * FRESH_MS);
  assert.equal(await find('b'), 'b');
  assert.equal(source.asked, 4);
});

test('nobody waits longer than a second for keys that are known already', async () => {
  const { env, source, find, set } = aKeySet('a');
  await find('a');
  await env.clock.advance(2 * FRESH_MS);
  const gate = Promise.withResolvers<void>();
  source.gate = gate.promise;
  let found = '';
  void (set.find('a', 'ES256') as Promise<readonly Key[]>).then((keys) => {
    found = keys.map(({ kid }) => kid).join();
  });
  await env.clock.advance(999);
  assert.equal(found, '');
  await env.clock.advance(1);
  assert.equal(found, 'a');
  gate.resolve();
  await env.clock.advance(0);
  assert.equal(env.clock.pending, 0);
});

test('a key that is not known is looked for at once, so that a new one is found', async () => {
  const { source, find } = aKeySet('a');
  await find('a');
  source.kids = ['a', 'b'];
  assert.deepEqual(await Promise.all([find('b'), find('b'), find('a')]), ['b', 'b', 'a']);
  assert.equal(source.asked, 2);
});

test('three keys that come right after one another, and after the first, are each found at once', async () => {
  const { source, find } = aKeySet('a');
  for (const kid of ['a', 'b', 'c', 'd']) {
    source.kids = [kid];
    assert.equal(await find(kid), kid);
  }
  assert.equal(source.asked, 4);
  source.kids = ['e'];
  assert.equal(await find('e'), '');
});

test('while the first keys can not be read, they are asked for as often as those that are not known', async () => {
  const { env, source, find } = aKeySet('a');
  source.away = true;
  for (let request = 0; request < 100; request++) assert.equal(await find('a'), '');
  assert.equal(source.asked, 4);
  await env.clock.advance(10_000);
  for (let request = 0; request < 100; request++) assert.equal(await find('a'), '');
  assert.equal(source.asked, 5);
});

test('who asks for a key while the keys are being read finds it, also when it is newer than the question', async () => {
  const { env, source, find } = aKeySet('a');
  await find('a');
  await env.clock.advance(FRESH_MS);
  const gate = Promise.withResolvers<void>();
  source.gate = gate.promise;
  await find('a'); // begins to read, and sees the old list
  source.kids = ['a', 'b'];
  const found = find('b');
  source.gate = undefined;
  gate.resolve();
  assert.equal(await found, 'b');
});

test('so does who asks for another than those that were tried: it may have taken their place while the keys are read', async () => {
  const { env, source, find, set } = aKeySet('a');
  await find('a');
  await env.clock.advance(FRESH_MS);
  const gate = Promise.withResolvers<void>();
  source.gate = gate.promise;
  const tried = set.find(undefined, 'ES256') as readonly Key[]; // begins to read, and sees the old list
  source.kids = ['b'];
  const others = set.others(undefined, 'ES256', tried);
  source.gate = undefined;
  gate.resolve();
  assert.deepEqual(
    (await others).map(({ kid }) => kid),
    ['b'],
  );
  assert.equal(source.asked, 3);
});

test('a flood of keys that there are not asks the source four times at most in ten seconds', async () => {
  const { env, source, find } = aKeySet('a');
  await find('a');
  for (let second = 0; second < 60; second++) {
    for (let request = 0; request < 100; request++) assert.equal(await find(`evil-${second}-${request}`), '');
    assert.equal(await find('a'), 'a');
    await env.clock.advance(1_000);
  }
  assert.ok(source.asked <= 3 + 6, `${source.asked}`);
  source.kids = ['a', 'b'];
  await env.clock.advance(10_000);
  assert.equal(await find('b'), 'b'); // and is over when the flood is
});

test('while the issuer is away for ten minutes the keys that are known stay good, and it is not asked too often', async () => {
  const { env, source, find } = aKeySet('a', 'b');
  await find('a');
  source.away = true;
  let refused = 0;
  for (let second = 0; second < 1_200; second++) {
    if ((await find(second % 2 === 0 ? 'a' : 'b')) === '') refused++;
    await env.clock.advance(1_000);
  }
  assert.equal(refused, 0);
  assert.ok(source.asked <= 62, `${source.asked}`);
  source.away = false;
  source.kids = ['c'];
  await find('a');
  await env.clock.advance(0);
  assert.equal(await find('c'), 'c');
  assert.equal(env.clock.pending, 0);
});

test('keys that nobody has confirmed for a day are good no more', async () => {
  const { env, source, find } = aKeySet('a');
  await find('a');
  source.away = true;
  await env.clock.advance(24 * 3_600_000);
  assert.equal(await find('a'), 'a');
  await env.clock.advance(1);
  assert.equal(await find('a'), '');
  source.away = false;
  await env.clock.advance(10_000);
  assert.equal(await find('a'), 'a');
});

test('an answer that is no key set, or an empty one, does not take the place of one', async () => {
  const env = testEnv();
  let answer = JSON.stringify({ keys: [keys[0]!.jwk] });
  const set = new KeySet(env, async () => answer, { freshMs: FRESH_MS });
  await set.find('a', 'ES256');
  await env.clock.advance(FRESH_MS);
  for (answer of ['', '{}', '{"keys":[]}', '{"keys":[{"kty":"oct","k":"AAAA"}]}', 'null', '<html>']) {
    assert.equal(set.find('a', 'ES256') instanceof Promise, false);
    await env.clock.advance(10_000);
    assert.equal(set.size, 1);
  }
});

test('a key says what it may be used with; what can not check signatures is passed over', () => {
  const { jwk } = keys[0]!;
  const usable = (more: object) => {
    try {
      return readKeys({ keys: [{ ...jwk, ...more }] })[0]!.algorithms.join();
    } catch {
      return '';
    }
  };
  assert.equal(usable({}), 'ES256');
  assert.equal(usable({ alg: undefined }), 'ES256');
  assert.equal(usable({ use: 'jwt-svid', alg: undefined }), 'ES256');
  assert.equal(usable({ alg: 'ES384' }), '');
  assert.equal(usable({ alg: 'RS256' }), '');
  assert.equal(usable({ use: 'enc' }), '');
  assert.equal(usable({ key_ops: ['sign'] }), '');
  assert.equal(usable({ key_ops: 'encrypt' }), ''); // no list, and so nothing that can be gone by
  assert.equal(usable({ kid: 7 }), '');
  assert.equal(usable({ kty: 'RSA', n: 'AQAB', e: 'AQAB', alg: 'RS256' }), ''); // too short to be safe
  assert.deepEqual(Object.keys(readKeys({ keys: [{ ...jwk, d: 'secret', x5c: [] }] })[0]!.jwk).sort(), [
    'crv',
    'kty',
    'x',
    'y',
  ]);
  assert.throws(() => readKeys({ keys: Array.from({ length: 101 }, () => jwk) }), /101 keys; 100 is the most/);
});

test('why the keys could not be read is known, until they can', async () => {
  const { env, source, set, find } = aKeySet('a');
  assert.equal(set.problem, undefined);
  source.away = true;
  await find('a');
  assert.equal(set.problem, 'away');
  source.away = false;
  await env.clock.advance(10_000);
  assert.equal(await find('a'), 'a');
  assert.equal(set.problem, undefined);
});

test('what stands in the way is said by its code, and of what is no JSON no word is repeated', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  for (const [load, problem] of [
    [() => Promise.reject(new TypeError('fetch failed', { cause: refused })), 'ECONNREFUSED'],
    [() => Promise.reject(Object.assign(new Error("no such file, open '/k.json'"), { code: 'ENOENT' })), 'ENOENT'],
    [() => Promise.reject(new DOMException('This operation was aborted', 'AbortError')), 'no answer in time'],
    [async () => '<html>\u001b[31m', 'it is no JSON'],
    [async () => '{}', 'it is no JSON Web Key Set'],
    [async () => '', 'it is no JSON'],
  ] as const) {
    const set = new KeySet(testEnv(), load, { freshMs: FRESH_MS });
    await set.find('a', 'ES256');
    assert.equal(set.problem, problem);
  }
});
