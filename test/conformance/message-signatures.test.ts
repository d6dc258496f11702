// The examples of RFC 9421 (HTTP Message Signatures, Appendix B), RFC 9530 (Digest Fields, Appendices B and D) and RFC 9440
// (Client-Cert, Appendix A). Our profile takes HMAC with SHA-256 over method, path and query and no less: what of the
// examples it refuses, and for what reason, is said here, too.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nameOf } from '../../src/auth/certificate.ts';
import { digestOf, readDigest } from '../../src/auth/digest.ts';
import { forwardedBy } from '../../src/auth/forwarded.ts';
import { derived, signatureBase } from '../../src/auth/signature-base.ts';
import { readSignature, readSignatureInput } from '../../src/auth/signature-input.ts';
import { SignedRequests, seal } from '../../src/auth/signed.ts';
import type { Shown } from '../../src/core/identity.ts';
import { testEnv } from '../../src/testing/env.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** The test request of B.2. */
const HEADERS: Readonly<Record<string, string>> = {
  host: 'example.com',
  date: 'Tue, 20 Apr 2021 02:07:55 GMT',
  'content-type': 'application/json',
  'content-digest':
    'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
  'content-length': '18',
};
const PATH = '/foo?param=Value&Pet=dog';
const BODY = '{"hello": "world"}';
const CREATED = 1_618_884_473;
/** test-shared-secret of B.1.5. */
const SECRET = Buffer.from(
  'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  'base64',
);

/** What is signed of the test request, by a Signature-Input; `@authority`, which our profile never looks up, is given. */
function baseOf(described: string): string {
  const { components, raw } = readSignatureInput(described, '');
  const valueAt = (name: string): string | undefined =>
    name === '@authority'
      ? HEADERS.host
      : name.startsWith('@')
        ? derived(name, 'POST', PATH)
        : HEADERS[name as keyof typeof HEADERS];
  return signatureBase(components, raw, valueAt);
}

const B21 = 'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"';
const B22 =
  'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"';
const B23 =
  'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"';
const B25 = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
const B26 =
  'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';

test('RFC 9421, B.2.1: the base of a signature over nothing', () => {
  assert.equal(
    baseOf(B21),
    '"@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
  );
});

test('RFC 9421, B.2.3: the base of a signature over all', () => {
  assert.equal(
    baseOf(B23),
    [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    ].join('\n'),
  );
});

test('RFC 9421, B.2.5: base and signature by hmac-sha256, to the byte', () => {
  const base = baseOf(B25);
  assert.equal(
    base,
    [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    ].join('\n'),
  );
  const given = readSignature('sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:', 'sig-b25');
  assert.deepEqual(seal(SECRET, base), given);
});

test('RFC 9421, B.2.6: the published Ed25519 signature is one of our base', () => {
  const key = createPublicKey({
    key: Buffer.from('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=', 'base64'),
    format: 'der',
    type: 'spki',
  });
  const given = readSignature(
    'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    'sig-b26',
  );
  assert.ok(verify(null, Buffer.from(baseOf(B26)), key, given));
  assert.ok(!verify(null, Buffer.from(`${baseOf(B26)} `), key, given));
});

test('RFC 9421, 2.2.6 and 2.2.7: path and query as the examples have them', () => {
  assert.equal(derived('@path', 'GET', '/path?param=value'), '/path');
  assert.equal(derived('@query', 'GET', '/path?param=value&foo=bar&baz=batman'), '?param=value&foo=bar&baz=batman');
  assert.equal(derived('@query', 'POST', '/path?queryString'), '?queryString');
  assert.equal(derived('@query', 'POST', '/path'), '?'); // absent: a question mark alone
});

/** What we say of the test request when it comes with this signature, at its time. */
function refusal(described: string): string {
  const env = testEnv({ clock: new VirtualClock(0, CREATED * 1_000) });
  const signed = new SignedRequests(env, 'example', {
    'test-shared-secret': 'a secret of 32 bytes, at the very least',
  });
  const label = described.slice(0, described.indexOf('='));
  const all: Record<string, string> = { ...HEADERS, 'signature-input': described, signature: `${label}=:AAAA:` };
  const shown = { service: 'example', method: 'POST', path: PATH, incoming: {}, header: (name: string) => all[name] };
  try {
    signed.check(shown as Shown, true);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('the examples sign too little for our profile, or in another way, and are refused', () => {
  assert.match(refusal(B21), /does not sign method, path and query/);
  assert.match(refusal(B22), /signature-input can not be read/); // components have no parameters
  assert.match(refusal(B23), /for another service/); // no tag, and by a key that we do not take
  assert.match(refusal(B25), /does not sign method, path and query/);
  assert.match(refusal(B26), /does not sign method, path and query/);
  assert.match(refusal(`${B25}, ${B26}`), /for another service/); // of several it would have to be the one with our tag
});

test('RFC 9530: digests of the examples are those that we write and read', () => {
  const unix = `${BODY}\n`;
  assert.equal(digestOf(unix), 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'); // B.1
  assert.equal(digestOf(''), 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'); // B.2: no content
  assert.equal(digestOf(BODY), 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'); // RFC 9421, B.2
  const long = 'sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:';
  assert.equal(readDigest(long).algorithm, 'sha512');
  assert.equal(readDigest(long).digest.length, 64);
  const both = `sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:,${long}`;
  assert.equal(readDigest(both).algorithm, 'sha256');
});

test('RFC 9530, 5: digests of algorithms that are not safe are none, and what stands beside one is', () => {
  for (const weak of [
    'md5=:Sd/dVLAcvNLSq16eXua5uQ==:',
    'sha=:07CavjDP4u3/TungoUHJO/Wzr4c=:',
    'unixsum=:GQU=:',
    'unixcksum=:7zsHAA==:',
    'crc32c=:Q3lHIA==:',
    'adler=:OZkGFw==:',
  ]) {
    assert.throws(() => readDigest(weak), /none that we know/);
    assert.equal(readDigest(`${weak}, ${digestOf('x')}`).algorithm, 'sha256');
  }
});

// RFC 9440, Appendix A, figure 2.
const CLIENT_CERT =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0y' +
  'MDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmck' +
  'C8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNV' +
  'HQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3Vl' +
  'iL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:';

test('RFC 9440, A: the Client-Cert of the example is read; it names somebody by mail, which is nobody to us', () => {
  const certificate = new X509Certificate(Buffer.from(CLIENT_CERT.slice(1, -1), 'base64'));
  assert.equal(certificate.subject, 'CN=BC');
  assert.equal(certificate.subjectAltName, 'email:bdc@example.com');
  assert.throws(() => nameOf(certificate), /names nobody/);
  const shown = { header: (name: string) => (name === 'client-cert' ? CLIENT_CERT : undefined) } as Shown;
  const at = (moment: string): (() => unknown) => {
    const believed = { trusted: [], trust: undefined, epoch: Date.parse(moment) };
    return () => forwardedBy(shown, 'client-cert', believed);
  };
  assert.throws(at('2020-06-01T00:00:00Z'), /names nobody/);
  assert.throws(at('2021-01-23T22:55:34Z'), /has expired/);
  assert.throws(at('2020-01-14T22:55:32Z'), /not good yet/);
});
