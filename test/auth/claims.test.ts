import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { aKey, anIdentified, ask, aToken, bearer, ISSUER, OTHER, signedAsIs, twoIssuers } from './world.ts';

const [key, other] = await Promise.all([aKey('a'), aKey('o')]);
const world = await twoIssuers([key], other);
const { epoch, seconds, refused } = world;
after(() => world.close());

test('one that has expired, is not good yet, comes from the future, or has no end is refused', async () => {
  const now = seconds();
  await refused(await aToken(key, epoch(), { iat: now - 400, exp: now - 60 }), /^it has expired, 60 s ago$/);
  await refused(await aToken(key, epoch(), { nbf: now + 62 }), /^it is not good yet, for 62 s$/);
  await refused(await aToken(key, epoch(), { iat: now + 62 }), /^it was issued in the future, in 62 s$/);
  await refused(await aToken(key, epoch(), { exp: undefined }), /no end/);
  for (const exp of ['9999999999', null, -1, {}, [4_000_000_000], true, 1e308, Number.MAX_SAFE_INTEGER + 1]) {
    await refused(
      await signedAsIs(key, `{"alg":"ES256","kid":"a"}`, JSON.stringify({ iss: ISSUER, sub: 's', aud: 'orders', exp })),
      /no end/,
    );
  }
  await refused(
    await signedAsIs(key, `{"alg":"ES256","kid":"a"}`, `{"iss":"${ISSUER}","sub":"s","aud":"orders","exp":1e999}`),
    /no end/,
  );
});

test('times that are no times are refused, however they are written', async () => {
  const now = seconds();
  const said = (more: string) =>
    signedAsIs(
      key,
      `{"alg":"ES256","kid":"a"}`,
      `{"iss":"${ISSUER}","sub":"s","aud":"orders","exp":${now + 60},${more}}`,
    );
  for (const time of ['"0"', '-1', '1e308', '-1e308', 'null', 'false', '{}', '[]', '1e999']) {
    await refused(await said(`"nbf":${time}`), /its beginning is no time/);
    await refused(await said(`"iat":${time}`), /its issue is no time/);
  }
  for (const time of ['NaN', 'Infinity', '0x10', '01', '.5', '+1']) {
    await refused(await said(`"nbf":${time}`), /no JSON/);
  }
  assert.equal((await ask(world.mesh, bearer(await said('"nbf":0')))).status, 200);
});

test('clocks may be a minute apart', async () => {
  const now = seconds();
  for (const claims of [{ iat: now - 300, exp: now - 58 }, { nbf: now + 58 }, { iat: now + 58 }]) {
    assert.equal((await ask(world.mesh, bearer(await aToken(key, epoch(), claims)))).status, 200);
  }
});

test('one that is good for too long is refused, also when it does not say since when', async () => {
  const now = seconds();
  await refused(await aToken(key, epoch(), { exp: now + 86_402 }), /too long/);
  await refused(await aToken(key, epoch(), { iat: undefined, exp: now + 90_000 }), /too long/);
  await refused(
    await aToken(other, epoch(), { iss: OTHER, client_id: 'x', exp: now + 62 }, { typ: 'at+jwt' }),
    /too long/,
  );
});

test('one for another audience is refused, and one of several audiences is enough', async () => {
  for (const aud of [
    'payments',
    'Orders',
    'orders ',
    ['payments'],
    [],
    {},
    7,
    [['orders']],
    [{ toString: 1 }],
    undefined,
  ]) {
    await refused(await aToken(key, epoch(), { aud: aud as string }), /another audience/);
  }
  assert.equal((await ask(world.mesh, bearer(await aToken(key, epoch(), { aud: ['x', 'orders'] })))).status, 200);
});

test('one of another type is refused: what is for another use is no proof here', async () => {
  for (const typ of ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JWE', '']) {
    await refused(await aToken(key, epoch(), {}, { typ }), /its type is/);
  }
  for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'JOSE']) {
    assert.equal((await ask(world.mesh, bearer(await aToken(key, epoch(), { typ }, { typ })))).status, 200);
  }
  const theirs = { iss: OTHER, client_id: 'pay', exp: seconds() + 30 };
  await refused(await aToken(other, epoch(), theirs, { typ: 'JWT' }), /its type is 'JWT'/);
  const { principal } = await ask(world.mesh, bearer(await aToken(other, epoch(), theirs, { typ: 'at+JWT' })));
  assert.deepEqual([principal?.name, principal?.issuer], ['pay', OTHER]);
});

test('one that names nobody, or with letters that forge lines of a log, is refused', async () => {
  for (const sub of [
    undefined,
    '',
    7,
    ['checkout'],
    'a\nb',
    'a\u2028b',
    'a\u202eb',
    'a\u200bb',
    '\ufeffa',
    'a\ud800',
    'x'.repeat(1_025),
  ]) {
    await refused(await aToken(key, epoch(), { sub: sub as string }), /names nobody/);
  }
});

test('one of an issuer that is not ours is refused, and its name is told without what could forge a line', async () => {
  await refused(
    await aToken(key, epoch(), { iss: 'https://evil.example\nGET /' }),
    /its issuer is 'https:\/\/evil.example\?GET/,
  );
  await refused(await aToken(key, epoch(), { iss: 'a\u202eb\u200bc\u2028d\ud800' }), /^its issuer is 'a\?b\?c\?d\?'$/);
  for (const iss of [`${ISSUER}/`, ` ${ISSUER}`, ISSUER.toUpperCase(), `${ISSUER}#`, ISSUER.replace('https', 'http')]) {
    await refused(await aToken(key, epoch(), { iss }), /its issuer is/);
  }
  await refused(await aToken(key, epoch(), { iss: undefined }), /no issuer/);
  await refused(await aToken(key, epoch(), { iss: [ISSUER] as never }), /no issuer/);
});

test('a service that makes its own tokens may name itself alone, and others whom they are told that they may', async () => {
  const cart = await aKey('c');
  const { jwk } = cart;
  const name = async (more: object, sub: string) => {
    const options = { issuer: 'cart', keys: { keys: [jwk] }, ...more };
    const { mesh, env, told } = await anIdentified({ issuers: [options] });
    const { principal } = await ask(mesh, bearer(await aToken(cart, env.clock.epoch(), { iss: options.issuer, sub })));
    const { problem } = told('identify').at(-1)!;
    await mesh.close();
    return principal?.name ?? problem;
  };
  assert.equal(await name({}, 'cart'), 'cart');
  assert.equal(await name({}, 'checkout'), "its issuer may not name 'checkout'"); // by whose name more is allowed
  assert.equal(await name({ names: ['cart', 'basket-*'] }, 'basket-7'), 'basket-7');
  assert.equal(await name({ names: ['spiffe://prod/*'] }, 'spiffe://prod/x'), 'spiffe://prod/x');
  assert.equal(
    await name({ names: ['spiffe://prod/*'] }, 'spiffe://production/x'),
    "its issuer may not name 'spiffe://production/x'",
  );
  assert.equal(await name({ names: ['*'] }, 'checkout'), 'checkout');
  const login = { issuer: 'https://login.example' }; // one of people, who must not pass for services by certificate
  assert.equal(await name(login, 'ann'), 'ann');
  assert.equal(await name(login, 'spiffe://prod/pay'), "its issuer may not name 'spiffe://prod/pay'");
  assert.equal(await name({ ...login, names: ['spiffe://prod/*'] }, 'spiffe://prod/pay'), 'spiffe://prod/pay');
  for (const names of [[], 'cart', [''], ['a*b'], [7]]) {
    await assert.rejects(name({ names }, 'cart'), /identity\.issuers\[0\]\.names must be a list of names/);
  }
});
