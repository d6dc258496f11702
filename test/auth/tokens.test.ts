import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { KeySet } from '../../src/auth/key-set.ts';
import { Tokens } from '../../src/auth/tokens.ts';
import { testEnv } from '../../src/testing/env.ts';
import { aKey, aToken, ISSUER, type TestKey } from './world.ts';

const WANTED = { audiences: ['orders'], issuers: [] };
let [a, b]: TestKey[] = [];
before(async () => {
  [a, b] = await Promise.all([aKey('a'), aKey('b')]);
});

/** Tokens of one issuer whose keys are those given. */
function someTokens(source: { keys: TestKey[]; asked?: number }) {
  const env = testEnv();
  const load = async () => {
    source.asked = (source.asked ?? 0) + 1;
    return JSON.stringify({ keys: source.keys.map(({ jwk }) => jwk) });
  };
  const keys = new KeySet(env, load, { freshMs: 600_000 });
  const tokens = new Tokens(env, [
    { issuer: ISSUER, keys, type: undefined, name: 'sub', names: ['*'], longestS: 86_400 },
  ]);
  return { env, tokens };
}

test('a token that was believed is believed without looking at its signature again, for a minute', async () => {
  const { env, tokens } = someTokens({ keys: [a!] });
  const token = await aToken(a!, env.clock.epoch());
  const first = tokens.check(token, WANTED);
  assert.ok(first instanceof Promise);
  const principal = await first;
  assert.equal(tokens.check(token, WANTED), principal); // the same, and at once
  await env.clock.advance(60_000);
  assert.ok(tokens.check(token, WANTED) instanceof Promise);
});

test('what is remembered of a token is not for longer than it is good, nor for what it is not', async () => {
  const { env, tokens } = someTokens({ keys: [a!] });
  const now = env.clock.epoch() / 1_000;
  const token = await aToken(a!, env.clock.epoch(), { exp: now - 30 });
  await tokens.check(token, WANTED);
  assert.throws(() => tokens.check(token, { audiences: ['payments'], issuers: [] }), /another audience/);
  assert.throws(() => tokens.check(token, { ...WANTED, issuers: ['https://x'] }), /its issuer is/);
  await env.clock.advance(30_000);
  assert.throws(() => tokens.check(token, WANTED), /has expired/);
});

test('a key that was withdrawn is believed for a minute more at most', async () => {
  const source = { keys: [a!] };
  const { env, tokens } = someTokens(source);
  const token = await aToken(a!, env.clock.epoch(), { exp: env.clock.epoch() / 1_000 + 3_600 });
  await tokens.check(token, WANTED);
  source.keys = [b!];
  await env.clock.advance(600_000);
  await tokens.check(await aToken(b!, env.clock.epoch()), WANTED); // the keys are read anew
  await assert.rejects(async () => tokens.check(token, WANTED), /no such key/);
});

test('strangers with tokens of their own fill no memory', async () => {
  const { env, tokens } = someTokens({ keys: [a!] });
  const [head, body] = (await aToken(a!, env.clock.epoch())).split('.');
  for (let i = 0; i < 1_500; i++) {
    const signature = Buffer.alloc(64, i)
      .fill(i >> 8, 0, 8)
      .toString('base64url');
    await assert.rejects(async () => tokens.check(`${head}.${body}.${signature}`, WANTED));
  }
  assert.ok(tokens.size <= 1_000, `${tokens.size}`);
  for (let i = 0; i < 1_000; i++) await assert.rejects(async () => tokens.check(`junk-${i}`, WANTED));
  assert.ok(tokens.size <= 1_000, `${tokens.size}`);
});

test('a bad signature is not checked again and again', async () => {
  const { env, tokens } = someTokens({ keys: [a!] });
  const [head, body] = (await aToken(a!, env.clock.epoch())).split('.');
  const bad = `${head}.${body}.${Buffer.alloc(64, 1).toString('base64url')}`;
  await assert.rejects(async () => tokens.check(bad, WANTED), /signature is not good/);
  assert.throws(() => tokens.check(bad, WANTED), /signature is not good/); // at once
  await env.clock.advance(10_000);
  await assert.rejects(tokens.check(bad, WANTED) as Promise<unknown>, /signature is not good/);
});

test('keys change at 500 requests a second, and no good token is refused', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, (_, i) => aKey(`k${i}`)));
  const source = { keys: [all[0]!], asked: 0 };
  const { env, tokens } = someTokens(source);
  const made = new Map<string, Promise<string>>();
  let refused = 0;
  let checked = 0;
  for (let second = 0; second < 60; second++) {
    const at = Math.floor(second / 10);
    // Every 10 s the next key is published and used at once; the one before stays for who still holds its tokens.
    source.keys = all.slice(Math.max(0, at - 1), at + 1);
    const batch = Array.from({ length: 500 }, async (_, i) => {
      const key = i % 10 === 0 ? source.keys[0]! : source.keys.at(-1)!;
      const name = `${key.kid} ${second} ${i % 25}`; // twenty callers have one token, and each second a new one
      const token = made.get(name) ?? aToken(key, env.clock.epoch(), { sub: `caller-${i % 25}` });
      made.set(name, token);
      checked++;
      await Promise.resolve(tokens.check(await token, WANTED)).catch(() => refused++);
    });
    await Promise.all(batch);
    await env.clock.advance(1_000);
  }
  assert.equal(refused, 0);
  assert.equal(checked, 30_000);
  assert.ok(source.asked <= 7, `${source.asked}`);
});

test('a key that has taken the place of another without a name of its own is found by the first token of it', async () => {
  const bare = ({ jwk: { kid: _, ...rest } }: TestKey) => rest;
  const env = testEnv();
  const source = { keys: [bare(a!)], asked: 0 };
  const load = async () => {
    source.asked++;
    return JSON.stringify({ keys: source.keys });
  };
  const keys = new KeySet(env, load, { freshMs: 600_000 });
  const tokens = new Tokens(env, [
    { issuer: ISSUER, keys, type: undefined, name: 'sub', names: ['*'], longestS: 86_400 },
  ]);
  await tokens.check(await aToken(a!, env.clock.epoch()), WANTED);
  source.keys = [bare(b!)];
  const principal = await tokens.check(await aToken(b!, env.clock.epoch()), WANTED);
  assert.equal(principal.name, 'checkout');
  assert.equal(source.asked, 2);
  // Who has signed with neither makes us look three times at most, and then once in ten seconds.
  for (let one = 0; one < 50; one++) {
    const forged = await aToken(one % 2 === 0 ? a! : await aKey('x'), env.clock.epoch(), { jti: `${one}` });
    await assert.rejects(async () => tokens.check(forged, WANTED), /its signature is not good/);
  }
  assert.ok(source.asked <= 2 + 3, `${source.asked}`);
});

test('a token whose issuer can not be asked for its keys is refused for that, and the audit names the place', async () => {
  const env = testEnv();
  const away = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
  for (const [place, says] of [
    [
      'https://issuer.example/jwks',
      `the keys of '${ISSUER}' can not be read (https://issuer.example/jwks: ECONNREFUSED)`,
    ],
    ['', `the keys of '${ISSUER}' can not be read (ECONNREFUSED)`],
  ] as const) {
    const keys = new KeySet(env, away, { freshMs: 600_000, place });
    const one = { issuer: ISSUER, keys, type: undefined, name: 'sub', names: ['*'], longestS: 86_400 };
    const tokens = new Tokens(env, [one]);
    const token = await aToken(a!, env.clock.epoch());
    await assert.rejects(async () => tokens.check(token, WANTED), { name: 'Doubt', message: says });
  }
});

test('where there are keys, that they can not be read anew is told beside the one that is missing', async () => {
  const env = testEnv();
  let isAway = false;
  const load = async () => {
    if (isAway) throw new TypeError('it was answered with 404');
    return JSON.stringify({ keys: [a!.jwk] });
  };
  const keys = new KeySet(env, load, { freshMs: 600_000, place: 'https://issuer.example/jwks' });
  const one = { issuer: ISSUER, keys, type: undefined, name: 'sub', names: ['*'], longestS: 86_400 };
  const tokens = new Tokens(env, [one]);
  await tokens.check(await aToken(a!, env.clock.epoch()), WANTED);
  isAway = true;
  const message = `'${ISSUER}' has no such key for 'ES256', and its keys can not be read anew (https://issuer.example/jwks: it was answered with 404)`;
  const token = await aToken(b!, env.clock.epoch());
  await assert.rejects(async () => tokens.check(token, WANTED), { name: 'Doubt', message });
});
