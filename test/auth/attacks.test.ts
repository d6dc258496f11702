import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { after, test } from 'node:test';
import { type JWK, SignJWT } from 'jose';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER, OTHER, part, signedAsIs, twoIssuers } from './world.ts';

const [key, rsa, stranger, other] = await Promise.all([aKey('a'), aKey('r', 'RS256'), aKey('a'), aKey('o')]);
const world = await twoIssuers([key, rsa], other);
const { epoch, seconds, refused } = world;
after(() => world.close());

test('a good token proves who calls, with what it says', async () => {
  const answer = await ask(world.mesh, bearer(await aToken(key, epoch(), { scope: 'read' })));
  assert.equal(answer.status, 200);
  const { name, by, issuer, claims } = answer.principal!;
  assert.deepEqual([name, by, issuer, claims.scope], ['checkout', 'token', ISSUER, 'read']);
  assert.ok(Object.isFrozen(answer.principal) && Object.isFrozen(claims));
});

test('what a token says is the same for all requests that show it: no handler can change it, in no depth', async () => {
  const token = bearer(await aToken(key, epoch(), { roles: ['read'], org: { teams: [{ id: 'a' }] } }));
  const { claims } = (await ask(world.mesh, token)).principal! as unknown as {
    claims: { roles: string[]; org: { teams: object[] } };
  };
  assert.throws(() => claims.roles.push('admin'), TypeError);
  assert.throws(() => Object.assign(claims.org.teams[0]!, { id: 'b' }), TypeError);
  const again = (await ask(world.mesh, token)).principal!;
  assert.deepEqual([again.claims.roles, again.claims.org], [['read'], { teams: [{ id: 'a' }] }]);
});

test('RS256 and PS256 of an RSA key that does not say which are both good', async () => {
  const { alg: _, ...bare } = rsa.jwk;
  const { mesh } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: { keys: [bare] } }] });
  assert.equal((await ask(mesh, bearer(await aToken(rsa, epoch())))).status, 200);
  await mesh.close();
});

test('alg none is refused, with a signature and without, however it is written', async () => {
  const [, body, signature] = (await aToken(key, epoch())).split('.');
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'none ',
    ' none',
    'none\u0000',
    'n\u043ene',
    'null',
    'HS256\u0000',
  ]) {
    await refused(`${part({ alg, kid: 'a' })}.${body}.`, /has no signature/);
    await refused(`${part({ alg, kid: 'a' })}.${body}.${signature}`, /no such key/);
  }
  await refused(`${part({ kid: 'a' })}.${body}.${signature}`, /names no algorithm/);
  for (const alg of [null, 0, true, ['ES256'], { toString: 'ES256' }]) {
    await refused(`${part({ alg, kid: 'a' })}.${body}.${signature}`, /names no algorithm/);
  }
});

test('a token within a token is none, signed or not', async () => {
  const inner = await aToken(key, epoch());
  await refused(await signedAsIs(key, `{"alg":"ES256","kid":"a","cty":"JWT"}`, inner), /no JSON/);
  await refused(await signedAsIs(stranger, `{"alg":"ES256","kid":"a","cty":"JWT"}`, inner), /no JSON/);
});

test('keys of a token are nowhere asked for: neither at its jku nor at its issuer', async (t) => {
  const asked: unknown[] = [];
  t.mock.method(globalThis, 'fetch', async (url: unknown) => {
    asked.push(url);
    throw new Error('nobody asks');
  });
  for (const url of ['http://169.254.169.254/latest/', 'file:///etc/passwd', 'https://evil.example/keys']) {
    await refused(await aToken(stranger, epoch(), {}, { jku: url, x5u: url }), /signature is not good/);
    await refused(await aToken(stranger, epoch(), { iss: url }), /its issuer is/);
  }
  assert.deepEqual(asked, []);
});

test('a public key is no secret: HS256 with it, in whatever form, is refused', async () => {
  const { jwk } = rsa;
  const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  for (const secret of [pem, JSON.stringify(jwk), Buffer.from(jwk.n!, 'base64url')]) {
    const input = `${part({ alg: 'HS256', kid: 'r' })}.${(await aToken(rsa, epoch())).split('.')[1]}`;
    await refused(
      `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`,
      /no such key for 'HS256'/,
    );
  }
});

test('a symmetric key in a key set is no key', async () => {
  const secret = Buffer.alloc(32, 7);
  const oct = { kty: 'oct', k: secret.toString('base64url'), kid: 's', alg: 'HS256' };
  const { mesh } = await anIdentified({ issuers: [{ issuer: ISSUER, keys: { keys: [oct, key.jwk] } }] });
  const now = seconds();
  const token = await new SignJWT({ iss: ISSUER, sub: 'checkout', aud: 'orders', exp: now + 60, iat: now })
    .setProtectedHeader({ alg: 'HS256', kid: 's' })
    .sign(secret);
  assert.equal((await ask(mesh, bearer(token))).status, 401);
  await mesh.close();
});

test('an algorithm goes with one kind of key: RS256 by the id of an EC key, and ES256 by that of an RSA key', async () => {
  await refused(await aToken({ ...rsa, kid: 'a' }, epoch()), /no such key for 'RS256'/);
  await refused(await aToken({ ...key, kid: 'r' }, epoch()), /no such key for 'ES256'/);
  await refused(await aToken(await aKey('r', 'PS256'), epoch()), /no such key for 'PS256'/);
});

test('keys that a token brings itself are not looked at', async () => {
  const { jwk } = stranger;
  for (const header of [
    { jwk: jwk as JWK },
    { jku: 'https://evil.example/keys' },
    { x5u: 'https://evil.example/cert' },
    { x5c: ['MIIB'] },
    { x5t: 'abc' },
  ]) {
    await refused(await aToken(stranger, epoch(), {}, header), /signature is not good/);
  }
});

test('a key id is looked up and nothing else: paths, queries and objects find nothing', async () => {
  for (const kid of [
    "a' OR '1'='1",
    '../../../dev/null',
    '/proc/self/environ',
    '__proto__',
    'constructor',
    '| cat',
    '',
  ]) {
    await refused(await aToken(stranger, epoch(), {}, { kid }), /no such key/);
  }
  const [, body, signature] = (await aToken(key, epoch())).split('.');
  for (const kid of [7, null, ['a'], { a: 1 }, 'k'.repeat(257)]) {
    await refused(`${part({ alg: 'ES256', kid })}.${body}.${signature}`, /key id/);
  }
});

test('the key of one issuer is not good for a token of another', async () => {
  await refused(
    await aToken(key, epoch(), { iss: OTHER, client_id: 'x', exp: seconds() + 30 }, { typ: 'at+jwt' }),
    /no such key/,
  );
  await refused(
    await aToken({ ...key, kid: 'o' }, epoch(), { iss: OTHER, client_id: 'x', exp: seconds() + 30 }, { typ: 'at+jwt' }),
    /signature/,
  );
});

test('there is one way to write a token: no padding, no spare bits, no other letters, no more or fewer parts', async () => {
  const token = await aToken(key, epoch());
  const [head, body, signature] = token.split('.') as [string, string, string];
  const last = signature.at(-1)!;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = letters[letters.indexOf(last) ^ 1]!; // the same bytes to who does not look closely
  assert.deepEqual(Buffer.from(signature.slice(0, -1) + twin, 'base64url'), Buffer.from(signature, 'base64url'));
  await refused(`${head}.${body}.${signature.slice(0, -1)}${twin}`, /canonical/);
  await refused(`${head}.${body}.${signature}=`, /canonical/);
  await refused(`${head}.${body}.${signature}==`, /canonical/);
  await refused(`${head}=.${body}.${signature}`, /canonical/);
  await refused(`${head}.${body}.${signature.slice(0, -1)}`, /canonical|signature/);
  await refused(`${head}.${body}.${signature.slice(0, 40)}`, /signature is not good/);
  await refused(`${head}.${body}.${signature.replace(/./, '+')}`, /canonical/);
  await refused(`${head}.${body}.${signature.slice(0, 9)}\u00e9${signature.slice(9)}`, /canonical/);
  for (const odd of [
    `${head}.${body}`,
    head,
    `${token}.`,
    `${token}.${signature}`,
    `.${body}.${signature}`,
    '..',
    ' ',
  ]) {
    await refused(odd, /three parts|canonical|no signature|JSON/);
  }
  await refused('', /three parts/);
});

test('a JSON serialization and an encrypted token are no tokens', async () => {
  const [head, payload, signature] = (await aToken(key, epoch())).split('.');
  await refused(JSON.stringify({ protected: head, payload, signature }), /three parts/);
  await refused(`${head}.a.b.c.d`, /three parts/);
});

test('a member that stands there twice is refused, also when it is written in another way', async () => {
  const now = seconds();
  const claims = `"iss":"${ISSUER}","sub":"checkout","aud":"orders","iat":${now},"exp":${now + 300}`;
  const texts = [
    [`{"alg":"ES256","kid":"a"}`, `{${claims},"sub":"admin"}`],
    [`{"alg":"ES256","kid":"a"}`, `{${claims},"s\\u0075b":"admin"}`],
    [`{"alg":"ES256","kid":"a"}`, `{${claims},"more":[{"a":1,"a":2}]}`],
    [`{"alg":"none","kid":"a","alg":"ES256"}`, `{${claims}}`],
    [`{"alg":"ES256","kid":"a"}`, `{${claims},"__proto__":{"sub":"admin"}}`],
  ];
  for (const [head, body] of texts) await refused(await signedAsIs(key, head!, body!), /stands in it twice/);
  assert.equal(
    (
      await ask(
        world.mesh,
        bearer(await signedAsIs(key, `{"alg":"ES256","kid":"a"}`, `{${claims},"more":[{"a":"x"},{"a":"a"}]}`)),
      )
    ).status,
    200,
  );
});

test('what is no JSON object in UTF-8 is refused', async () => {
  const head = `{"alg":"ES256","kid":"a"}`;
  for (const [first, second] of [
    [head, '[]'],
    [head, 'null'],
    [head, '"x"'],
    [head, '{'],
    ['{}x', '{}'],
    ['\ufeff{}', '{}'],
  ]) {
    await refused(await signedAsIs(key, first!, second!), /JSON/);
  }
  const invalid = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url');
  await refused(`${part(head)}.${invalid}.AAAA`, /UTF-8/);
});

test('extensions that a token demands are refused, known or not', async () => {
  for (const more of [`"crit":["b64"],"b64":false`, `"crit":[]`, `"crit":["exp"]`, `"b64":false`]) {
    await refused(await signedAsIs(key, `{"alg":"ES256","kid":"a",${more}}`, '{}'), /extensions/);
  }
});

test('a token of more than 8 kB is refused unread', async () => {
  await refused(await aToken(key, epoch(), { fill: 'x'.repeat(8_192) }), /too long/);
  await refused(`${'{'.repeat(9_000)}`, /too long/);
});

test('a signature of nothing but zeros is refused', async () => {
  const [head, body] = (await aToken(key, epoch())).split('.');
  await refused(`${head}.${body}.${Buffer.alloc(64).toString('base64url')}`, /signature is not good/);
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  const one = `${'0'.repeat(63)}1`;
  const none = '0'.repeat(64);
  for (const [r, s] of [
    [none, one],
    [one, none],
    [order, order],
    [order, one],
    [one, order],
    ['f'.repeat(64), 'f'.repeat(64)],
  ]) {
    const psychic = Buffer.from(`${r}${s}`, 'hex').toString('base64url');
    await refused(`${head}.${body}.${psychic}`, /signature is not good/);
  }
  const der = sign('sha256', Buffer.from('x'), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  await refused(`${head}.${body}.${der.toString('base64url')}`, /signature is not good/);
});
