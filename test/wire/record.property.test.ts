import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRecord, encodeRecord, RecordProblem } from '../../src/wire/record.ts';
import { fc } from '../support/fast-check.ts';

const port = fc.option(fc.integer({ min: 1, max: 65_535 }));
const metadata = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__' && key !== '@class'),
  fc.string(),
  { noNullPrototype: true },
);
const record = fc
  .record({
    name: fc.string({ minLength: 1, maxLength: 100 }),
    id: fc.string({ minLength: 1, maxLength: 100 }),
    address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('localhost', 'db_1.internal')),
    port,
    sslPort: port,
    metadata,
    registeredAt: fc.nat(),
    enabled: fc.boolean(),
    serviceType: fc.constantFrom('DYNAMIC', 'STATIC', 'PERMANENT', 'DYNAMIC_SEQUENTIAL'),
  })
  .filter(({ port, sslPort }) => port !== null || sslPort !== null);

test('what is written is read as it was, in every form', () => {
  fc.assert(
    fc.property(record, fc.constantFrom('spring' as const, 'dubbo' as const, 'plain' as const), (written, form) => {
      const { payloadClass, payloadId, ...read } = decodeRecord(encodeRecord(written, form));
      assert.deepEqual(read, { ...written });
      assert.equal(typeof payloadClass, 'string');
      assert.equal(payloadId, form === 'plain' ? undefined : written.id);
    }),
  );
});

const fieldwise = fc.record(
  {
    name: fc.anything(),
    id: fc.anything(),
    address: fc.oneof(fc.anything(), fc.constant('h')),
    port: fc.oneof(fc.anything(), fc.constant(80)),
    sslPort: fc.anything(),
    payload: fc.anything(),
    registrationTimeUTC: fc.anything(),
    serviceType: fc.anything(),
    enabled: fc.anything(),
  },
  { requiredKeys: [] },
);

test('whatever is read, either a record comes of it or a RecordProblem', () => {
  const text = fc.oneof(fc.json(), fc.string(), fieldwise.map(safely));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array()), (data) => {
      try {
        const { name, port, sslPort } = decodeRecord(data);
        assert.ok(name.length > 0 && (port ?? sslPort)! > 0);
      } catch (error) {
        assert.ok(error instanceof RecordProblem, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

function safely(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? '';
}
