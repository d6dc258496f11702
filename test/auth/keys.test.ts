import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { test } from 'node:test';
import { readKeys } from '../../src/auth/keys.ts';
import { keySet } from '../../src/auth/sources.ts';
import { testEnv } from '../../src/testing/env.ts';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER } from './world.ts';

const rsa = (modulusLength: number, publicExponent?: number): JsonWebKey =>
  generateKeyPairSync('rsa', { modulusLength, ...(publicExponent && { publicExponent }) }).publicKey.export({
    format: 'jwk',
  });

const usable = (jwk: object): string => {
  try {
    return readKeys({ keys: [jwk] })[0]!.algorithms.join();
  } catch (error) {
    assert.match((error as Error).message, /it has no key for signatures/);
    return '';
  }
};

test('RSA keys are of 2048 bits and more, with an exponent that makes a signature worth something', () => {
  const good = rsa(2_048);
  assert.equal(usable(good), 'RS256,RS384,RS512,PS256,PS384,PS512');
  assert.equal(usable(rsa(2_048, 3)), 'RS256,RS384,RS512,PS256,PS384,PS512');
  assert.equal(usable(rsa(1_024)), '');
  for (const e of ['AQ', 'AAE', 'Ag', 'AQAA', 'AA', '', undefined, 7]) assert.equal(usable({ ...good, e }), '', `${e}`);
});

test('a key of a curve is good for the algorithm of that curve alone', () => {
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
  assert.deepEqual(
    ['P-256', 'P-384', 'P-521'].map((curve) => usable(ec(curve))),
    ['ES256', 'ES384', 'ES512'],
  );
  assert.equal(usable(ec('secp256k1')), '');
  assert.equal(usable({ ...ec('P-384'), alg: 'ES256' }), '');
  assert.equal(usable({ ...ec('P-256'), kty: 'RSA' }), '');
  assert.equal(usable({ ...ec('P-256'), alg: 'HS256' }), '');
  assert.equal(usable(generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })), '');
  assert.equal(usable(generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })), '');
});

test('a key that is no point of its curve believes nothing', async () => {
  const key = await aKey('a');
  const other = createECDH('prime256v1');
  other.generateKeys();
  const y = other.getPublicKey().subarray(33).toString('base64url');
  const { mesh, env } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: { keys: [{ ...key.jwk, y }] } }] });
  assert.equal((await ask(mesh, bearer(await aToken(key, env.clock.epoch())))).status, 401);
  await mesh.close();
});

test('of several keys of one id each is tried, so that nobody can push out another by its name', async () => {
  const [one, other] = [await aKey('same'), await aKey('same')];
  const { mesh, env } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: { keys: [one.jwk, other.jwk] } }] });
  for (const key of [one, other]) {
    assert.equal((await ask(mesh, bearer(await aToken(key, env.clock.epoch())))).status, 200);
  }
  assert.equal((await ask(mesh, bearer(await aToken(await aKey('same'), env.clock.epoch())))).status, 401);
  await mesh.close();
});

test('what an issuer signs with in secret is not kept, should its set tell', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [key] = readKeys({ keys: [privateKey.export({ format: 'jwk' })] });
  assert.deepEqual(Object.keys(key!.jwk).sort(), ['crv', 'kty', 'x', 'y']);
});

test('keys come from where they are said to: https, this machine, or a file; nothing that looks like it', () => {
  for (const url of [
    'http://issuer.example/keys',
    'http://127.0.0.1.evil.example/keys',
    'http://localhost.evil.example/keys',
    'http://127.0.0.1@evil.example/keys',
    'http://169.254.169.254/latest/meta-data',
    'http://[::ffff:169.254.169.254]/',
    'ftp://issuer.example/keys',
    'data://application/json,{}',
    'HTTP://issuer.example/keys',
    'unix:///var/run/keys.sock',
  ]) {
    assert.throws(() => keySet(testEnv(), url), /it must be an https URL, a file, or a key set/, url);
    assert.throws(() => keySet(testEnv(), new URL(url)), /it must be an https URL, a file, or a key set/, url);
  }
  for (const url of ['https://issuer.example/keys', 'http://127.0.0.1:1/', 'http://localhost/', 'http://[::1]/']) {
    keySet(testEnv(), url);
  }
});

test('where keys are is told without what may be a secret there', async () => {
  for (const [place, told] of [
    ['./no-such-file.json', './no-such-file.json: ENOENT'],
    ['http://127.0.0.1:1/jwks?key=secret', 'http://127.0.0.1:1/jwks: bad port'],
  ] as const) {
    const set = keySet(testEnv(), place);
    await set.find('a', 'ES256');
    assert.equal(set.problem, told);
  }
});

test('a URL with a user in it, which fetch refuses, is refused when the mesh is made, without repeating it', async () => {
  const issuers = [{ issuer: ISSUER, keys: 'https://me:secret@issuer.example/jwks' }];
  await assert.rejects(anIdentified({ issuers }), {
    reason: 'request',
    message: `identity.issuers: the keys of '${ISSUER}': a URL with a user or a password can not be asked (INVALID_ARGUMENT: request)`,
  });
});
