import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { minting } from '../../src/auth/mint.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { filesAtRest } from '../support/file-work.ts';
import { anIdentified, ask, bearer } from './world.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inmesh-mint-'));
});
after(() => rm(folder, { recursive: true }));

const kinds: Readonly<Record<string, () => KeyObject>> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  EdDSA: () => generateKeyPairSync('ed25519').privateKey,
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
};

const publicJwk = (key: KeyObject, kid: string): JWK =>
  ({ ...createPublicKey(key).export({ format: 'jwk' }), kid }) as JWK;

/** Whom a mesh of `orders` takes the bearer of a token for, that believes `checkout` with this key. */
async function believed(token: string, jwk: JWK): Promise<string | undefined> {
  const { mesh } = await anIdentified({ issuers: [{ issuer: 'checkout', keys: { keys: [jwk] } }] });
  const { principal } = await ask(mesh, bearer(token));
  await mesh.close();
  return principal?.name;
}

/** Writes a file as those do who replace secrets: whole. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

for (const [algorithm, make] of Object.entries(kinds)) {
  for (const format of ['PEM', 'JWK']) {
    test(`a token that is made with a key of ${algorithm} in ${format} is believed`, async () => {
      const [env, key, file] = [testEnv(), make(), join(folder, `${algorithm}.${format}`)];
      const content =
        format === 'PEM' ? key.export({ type: 'pkcs8', format: 'pem' }) : JSON.stringify(key.export({ format: 'jwk' }));
      await writeFile(file, content as string);
      const minted = await minting(env, 'checkout', { key: file });
      const { token, expiresInMs } = await minted.make('orders', 300_000);
      minted.close();
      const { alg, typ, kid } = decodeProtectedHeader(token);
      const thumbprint = await calculateJwkThumbprint(publicJwk(key, ''));
      assert.deepEqual([alg, typ, kid, expiresInMs], [algorithm, 'JWT', thumbprint, 300_000]);
      assert.equal(await believed(token, publicJwk(key, thumbprint)), 'checkout');
      assert.equal(env.clock.scheduled, 0);
    });
  }
}

test('a token says who issued it, about whom, for whom, since when and until when, and no two are the same', async () => {
  const [env, file] = [testEnv(), join(folder, 'claims')];
  await writeFile(file, kinds.ES256!().export({ type: 'pkcs8', format: 'pem' }) as string);
  const { make, close } = await minting(env, 'checkout', {
    key: file,
    issuer: 'https://i',
    subject: 'spiffe://p/c',
    kid: 'k',
  });
  const [first, second] = [await make('orders', 300_000), await make('orders', 300_000)];
  close();
  const now = env.clock.epoch() / 1_000;
  const { jti, ...claims } = decodeJwt(first.token);
  assert.deepEqual(claims, { iss: 'https://i', sub: 'spiffe://p/c', aud: 'orders', iat: now, exp: now + 300 });
  assert.match(jti!, /^[0-9a-f]{32}$/);
  assert.notEqual(decodeJwt(second.token).jti, jti);
  assert.equal(decodeProtectedHeader(first.token).kid, 'k');
});

/** Lets the file be looked at once more, and what is found in it be tried. */
async function looked(env: TestEnv): Promise<void> {
  await env.clock.advance(1_000);
  await filesAtRest();
}

const AN_EVENT = { type: 'credentials', service: 'checkout', what: 'token', issuer: '' } as const;

test('a key that is replaced is taken, and one that can not be read, or can not sign, leaves the old one in force', async () => {
  const [env, file] = [testEnv(), join(folder, 'rotating')];
  const [old, next] = [kinds.ES256!(), kinds.EdDSA!()];
  await writeFile(file, old.export({ type: 'pkcs8', format: 'pem' }) as string);
  const { make, problem, close } = await minting(env, 'checkout', { key: file });
  const algorithm = async () => decodeProtectedHeader((await make('orders', 10_000)).token).alg;
  assert.equal(await algorithm(), 'ES256');
  const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey; // it can be read, and is too short to sign
  for (const useless of ['half a k', weak.export({ type: 'pkcs8', format: 'pem' }) as string]) {
    await replace(file, useless);
    for (let turn = 0; turn < 5; turn++) {
      await looked(env);
      assert.equal(await algorithm(), 'ES256');
    }
    assert.ok(problem() instanceof Error);
  }
  await replace(file, next.export({ type: 'pkcs8', format: 'pem' }) as string);
  await looked(env);
  assert.equal(await algorithm(), 'EdDSA');
  assert.equal(problem(), undefined);
  const unusable = 'identity.token: the key can not be used';
  const began = env.clock.epoch() - 11_000; // each was looked at five times, and told once
  assert.deepEqual(env.told, [
    { ...AN_EVENT, at: began + 1_000, problem: `${unusable}: ERR_OSSL_UNSUPPORTED` },
    { ...AN_EVENT, at: began + 6_000, problem: unusable },
    { ...AN_EVENT, at: began + 11_000, problem: '' },
  ]);
  close();
  assert.equal(env.clock.pending, 0);
});

test('a key that we may only use signs all the same', async () => {
  const key = kinds.ES256!();
  const asked: Uint8Array[] = [];
  const { make } = await minting(testEnv(), 'checkout', {
    kid: 'kms-1',
    algorithm: 'ES256',
    sign: async (bytes) => {
      asked.push(bytes);
      return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
    },
  });
  const { token } = await make('orders', 60_000);
  assert.equal(Buffer.from(asked[0]!).toString(), token.slice(0, token.lastIndexOf('.')));
  assert.equal(await believed(token, publicJwk(key, 'kms-1')), 'checkout');
});

test('what is no private key of a kind that signs is refused', async () => {
  const file = join(folder, 'bad');
  const x25519 = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const { d, ...jwk } = kinds.ES256!().export({ format: 'jwk' });
  for (const content of [
    JSON.stringify({ ...jwk, d, alg: 'RS256' }),
    '',
    'x',
    '{',
    '{"kty":"oct","k":"AAAA"}',
    x25519,
  ]) {
    await writeFile(file, content);
    const env = testEnv();
    await assert.rejects(minting(env, 'checkout', { key: file }));
    assert.equal(env.clock.scheduled, 0);
  }
});
