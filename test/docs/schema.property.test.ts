import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkPolicy } from '../../src/policy/check.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { table } from '../../src/policy/table.ts';
import { fc } from '../support/fast-check.ts';

const valid = new Ajv2020({ strict: true }).compile(policyJsonSchema());

const value = fc.oneof(
  fc.boolean(),
  fc.integer({ min: -1, max: 11 }),
  fc.double({ min: -0.5, max: 1.5, noNaN: true }),
  fc.tuple(fc.nat(100), fc.constantFrom('ms', 's', 'm', 'h', '', 'd')).map(([count, unit]) => `${count}${unit}`),
  fc.constantFrom('off', 'envoy', 'grpc', 'service', 'endpoint', '1.5s', '1m30s'),
  fc.array(fc.constantFrom<unknown>(200, 503, 99, '5xx', '6xx'), { maxLength: 3 }),
);

/** Sections whose names and fields exist, with values that may or may not be right. */
const sections = fc
  .dictionary(fc.constantFrom(...Object.keys(table)), fc.constant(undefined), { maxKeys: 2 })
  .chain((chosen) =>
    fc.record(
      Object.fromEntries(
        Object.keys(chosen).map((name) => [
          name,
          fc.dictionary(fc.constantFrom(...Object.keys(table[name as keyof typeof table].fields)), value, {
            maxKeys: 2,
          }),
        ]),
      ),
    ),
  );

const accepts = (document: unknown): boolean => {
  try {
    checkPolicy(document);
    return true;
  } catch {
    return false;
  }
};

test('whatever the check takes, the JSON Schema takes too', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.record({ defaults: sections, services: fc.dictionary(fc.string(), sections) }), (document) => {
      if (!accepts(document)) return;
      taken++;
      assert.ok(valid(document), JSON.stringify(valid.errors));
    }),
    { numRuns: 1_000, seed: 7 },
  );
  assert.ok(taken > 50, `only ${taken} documents were good enough to say anything`);
});

test('whatever the JSON Schema takes, the check refuses only for the length of a duration', () => {
  fc.assert(
    fc.property(fc.record({ defaults: sections }), (document) => {
      if (!valid(document)) return;
      try {
        checkPolicy(document);
      } catch (error) {
        assert.match((error as Error).message, /must be a duration from/);
      }
    }),
    { numRuns: 1_000, seed: 8 },
  );
});
