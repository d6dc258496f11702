import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { nameOf } from '../../src/auth/certificate.ts';
import { readCompact } from '../../src/auth/compact.ts';
import { elements, extension } from '../../src/auth/der.ts';
import { Doubt } from '../../src/auth/doubt.ts';
import { readSignatureInput } from '../../src/auth/signature-input.ts';
import { parseStrict } from '../../src/auth/strict-json.ts';
import { Authority } from '../support/certificates.ts';
import { fc } from '../support/fast-check.ts';

/** Whatever it is given, it gives something or doubts. */
function doubts(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof Doubt, String(error));
    return undefined;
  }
}

let der: Buffer;
let certificate: X509Certificate;
before(async (t) => {
  const authority = await Authority.open(t as never);
  certificate = new X509Certificate((await authority.issue({ names: ['URI:spiffe://td/x', 'DNS:a.example'] })).cert);
  der = certificate.raw;
});

test('a certificate names whom it names', () => {
  assert.deepEqual(nameOf(certificate), { name: 'spiffe://td/x', trustDomain: 'td' });
  assert.equal(extension(der, '551d0f')?.length, 4);
  assert.equal(extension(der, '551d25'), undefined); // no extended usage
});

test('bytes that are no DER, or were a certificate once, are doubted', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      doubts(() => elements(bytes));
      doubts(() => extension(bytes, '551d11'));
    }),
  );
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
      const bytes = Uint8Array.from(der);
      bytes[at] = byte;
      doubts(() => extension(bytes, '551d11'));
      doubts(() => extension(bytes.subarray(0, at), '551d0f'));
    }),
  );
});

test('tokens and descriptions of signatures that are anything at all are read or doubted', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void doubts(() => readCompact(text))));
  fc.assert(
    fc.property(
      fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }),
      (parts) => void doubts(() => readCompact(parts.join('.'))),
    ),
  );
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void doubts(() => readSignatureInput(text, 'a'))));
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('sig=', 'b=', '(', ')', '"@method"', ' ', ';created=1', ';tag="a"', ',', '"', ';x=?1', ';'),
      ),
      (parts) => void doubts(() => readSignatureInput(parts.join(''), 'a')),
    ),
  );
});

test('an object of JSON comes out as JSON.parse has it, and once a member stands there twice it does not', () => {
  const anObject = fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const hasProto = (value: unknown): boolean => JSON.stringify(value).includes('"__proto__":');
  fc.assert(
    fc.property(anObject, (value) => {
      const text = JSON.stringify(value);
      if (hasProto(value)) return;
      assert.deepEqual(parseStrict(Buffer.from(text)), JSON.parse(text));
      const [name] = Object.keys(value);
      if (name === undefined) return;
      const twice = `{${JSON.stringify(name)}:1,${text.slice(1)}`;
      assert.throws(() => parseStrict(Buffer.from(twice)), Doubt);
      assert.throws(() => parseStrict(Buffer.from(`{"a":[${twice}]}`)), Doubt);
    }),
  );
});
