// What is published of signed tokens: the examples of RFC 7515 (Appendix A), RFC 7519 (3.1, 6.1) and RFC 8037 (Appendix A),
// and of Project Wycheproof (C2SP/wycheproof, testvectors/json_web_signature_test.json, Apache License 2.0) the group es256.
// Where our profile takes less than the standard allows, that is said here, too.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { readCompact, readSealed } from '../../src/auth/compact.ts';
import { KeySet } from '../../src/auth/key-set.ts';
import { readKeys } from '../../src/auth/keys.ts';
import { isSigned, Tokens } from '../../src/auth/tokens.ts';
import { testEnv } from '../../src/testing/env.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const JOE = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const OCT = {
  kty: 'oct',
  k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
};
const HS256 = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
const P256 = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
const P521 = {
  kty: 'EC',
  crv: 'P-521',
  x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
  y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
};
const RSA = {
  kty: 'RSA',
  n:
    'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W' +
    '_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4' +
    'uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
};
const ED25519 = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

const good: readonly (readonly [string, object, string, string])[] = [
  [
    'RFC 7515, A.2: RS256',
    RSA,
    `eyJhbGciOiJSUzI1NiJ9.${JOE}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGb` +
      'ds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--' +
      'xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
    '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}',
  ],
  [
    'RFC 7515, A.3: ES256',
    P256,
    `eyJhbGciOiJFUzI1NiJ9.${JOE}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
    '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}',
  ],
  [
    'RFC 7515, A.4: ES512',
    P521,
    'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8Ga' +
      'SwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn',
    'Payload',
  ],
  [
    'RFC 8037, A.4: EdDSA',
    ED25519,
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsP' +
      't9g7sVvpAr_MuM0KAg',
    'Example of Ed25519 signing',
  ],
];

/** Whether a key is one of ours and has signed the token: all that we ask of one besides its claims. */
async function holds(jwk: object, token: string): Promise<boolean> {
  const { algorithm, kid } = readSealed(token);
  const keys = new KeySet(testEnv(), async () => JSON.stringify({ keys: [jwk] }), { freshMs: 1_000 });
  return isSigned(token, algorithm, await keys.find(kid, algorithm));
}

/** The same, where what can not be read is no good either. */
const accepted = (jwk: object, token: string): Promise<boolean> =>
  Promise.resolve()
    .then(() => holds(jwk, token))
    .catch((error) => {
      if (error.name === 'Doubt') return false;
      throw error;
    });

for (const [what, jwk, token, payload] of good) {
  test(`${what} is good, and with any bit of it turned is not`, async () => {
    assert.equal(Buffer.from(readSealed(token).payload).toString(), payload);
    assert.equal(await holds(jwk, token), true);
    const bytes = token.split('.').map((part) => Buffer.from(part, 'base64url'));
    for (const [part, each] of bytes.entries()) {
      for (let at = 0; at < each.length; at += Math.ceil(each.length / 16)) {
        const other = bytes.map((one) => Buffer.from(one));
        other[part]![at]! ^= 1;
        const turned = other.map((one) => one.toString('base64url')).join('.');
        assert.equal(await accepted(jwk, turned), false, `part ${part}, byte ${at}`);
      }
    }
  });
}

test('RFC 7515, A.1 (HS256) and A.5 (none) are refused: what all know or nobody has is no key', async () => {
  assert.throws(() => readKeys({ keys: [OCT] }), /no key for signatures/);
  assert.equal(await accepted({ ...P256 }, HS256), false);
  assert.throws(() => readCompact(`eyJhbGciOiJub25lIn0.${JOE}.`), /it has no signature/); // RFC 7519, 6.1, too
});

test('RFC 7515, A.6 and A.7 (JSON Serialization), and Appendix E (a demanded extension), are refused', () => {
  const [, , token] = good[1]!;
  const [head, payload, signature] = token.split('.');
  const signatures = [{ protected: head, header: { kid: 'e9bc097a-ce51-4036-9562-d2ade882db0d' }, signature }];
  for (const json of [
    { payload, signatures },
    { payload, ...signatures[0] },
  ]) {
    assert.throws(() => readCompact(JSON.stringify(json)), /three parts/);
  }
  // {"alg":"none",\r\n "crit":["http://example.com/UNDEFINED"],\r\n "http://example.com/UNDEFINED":true\r\n}
  const unknown =
    'eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRy' +
    'dWUNCn0.RkFJTA.';
  assert.throws(() => readSealed(unknown), /no signature/);
  assert.throws(() => readSealed(`${unknown}AAAA`), /demands extensions/);
});

test('the token of RFC 7519, 3.1, read at its time, is for nobody: our profile wants an audience and a subject', async () => {
  const token = good[1]![2];
  const env = testEnv({ clock: new VirtualClock(0, 1_300_819_380_000 - 60_000) });
  const keys = new KeySet(env, async () => JSON.stringify({ keys: [P256] }), { freshMs: 600_000 });
  const tokens = new Tokens(env, [
    { issuer: 'joe', keys, type: undefined, name: 'sub', names: ['*'], longestS: 86_400 },
  ]);
  await assert.rejects(async () => tokens.check(token, { audiences: ['orders'], issuers: [] }), /another audience/);
  assert.deepEqual(readCompact(token).claims, {
    iss: 'joe',
    exp: 1_300_819_380,
    'http://example.com/is_root': true,
  });
});

test('keys have the thumbprints that RFC 7638 and RFC 8037 say, which are the ids of keys that name none', async () => {
  assert.equal(
    await calculateJwkThumbprint(readKeys({ keys: [ED25519] })[0]!.jwk),
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
  const { jwk } = readKeys({ keys: [RFC7638] })[0]!;
  assert.equal(await calculateJwkThumbprint(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

const RFC7638 = {
  kty: 'RSA',
  n:
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64t' +
    'Z_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91C' +
    'bOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};

// Of Project Wycheproof: group es256, tcId 18 to 32. The payload of each is 'foo', which is no JSON: so they are held
// against all that is asked before the claims are read.
const WYCHEPROOF = {
  alg: 'ES256',
  use: 'sig',
  x: '04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY',
  y: 'UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw',
  crv: 'P-256',
  kid: 'kid-ec-sign',
  kty: 'EC',
};
const HEAD = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0';
const REST = 'cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutrqWrte5P-pAvsE3Ve6xSyU3YDQwUHjVVOtvcrEbbnZ8yA';
const SIGNATURE = `5${REST}`;

const es256: readonly (readonly [number, string, string])[] = [
  [18, 'acceptsValid', `${HEAD}.Zm9v.${SIGNATURE}`],
  [19, 'rejectsModifiedSignature', `${HEAD}.Zm9v.X${REST}`],
  [20, 'rejectsMissingSignature', `${HEAD}.Zm9v.`],
  [21, 'rejectsMissingSignatureAndSeparator', `${HEAD}.Zm9v`],
  [22, 'rejectsModifiedPayload', `${HEAD}.WG9v.${SIGNATURE}`],
  [23, 'rejectsMissingPayload', `${HEAD}..${SIGNATURE}`],
  [24, 'rejectsMissingPayloadAndSeparator', `${HEAD}.${SIGNATURE}`],
  [25, 'rejectsModifiedHeader', `eyJhbGciOiJFUzI1NiIsImtpZCI6IlhpZC1lYy1zaWduIn0.Zm9v.${SIGNATURE}`],
  [26, 'rejectsMissingHeader', `.Zm9v.${SIGNATURE}`],
  [27, 'rejectsMissingHeaderAndSeparator', `Zm9v.${SIGNATURE}`],
  [28, 'rejectsMissingHeaderAndSignature', '.Zm9v.'],
  [29, 'rejectsMissingHeaderSignatureAndSeparators', 'Zm9v'],
  [30, 'rejectsEmptyString', ''],
  [
    31,
    'rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes',
    'eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0.Zm9v.TgWtz2FIRukBQ_mA5sgHa0Ybtgn7bl-YBPAi7Z0XdHU',
  ],
  [
    32,
    'rejectsAttackerProvidedEmbeddedJwk',
    'eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIiwiandrIjp7Imt0eSI6IkVDIiwia2lkIjoia2lkLWVjLXNpZ24iLCJ1c2UiOiJzaWciLCJhbGciOiJF' +
      'UzI1NiIsIngiOiJNZG5UWkRJaERKYmZBU2RGcWFtY3BPMkNoOUdOS0sybTBNUWxoNDAyU3BvIiwieSI6Ijdhdko0bHFfV3l4LW5MUERCUTJZcHl0dUh5TWlvMDdC' +
      'VXl2bDNqYUMtMVkiLCJjcnYiOiJQLTI1NiJ9fQ.Zm9v.4jmsollQD8ZxvySzXYnIEYA4fwaZi2ZbC0aI1J4LYmW2Bn31NhKdjms2N6o51Dff5-InWXQF9m45VtTe' +
      'xl6yjg',
  ],
];
for (const [id, comment, token] of es256) {
  test(`Wycheproof, JSON Web Signature ${id}: ${comment}`, async () => {
    assert.equal(await accepted(WYCHEPROOF, token), comment.startsWith('accepts'));
  });
}
