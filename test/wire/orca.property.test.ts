import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OrcaReport, parseBinaryOrca, parseOrca, readOrca } from '../../src/wire/orca.ts';
import { fc } from '../support/fast-check.ts';

/** As Protocol Buffers write them: little-endian doubles, and lengths below 128 in one byte. */
const double = (number: number, value: number): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes[0] = (number << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
};
const bytes = (number: number, value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);

const figure = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const name = fc.string({ unit: fc.constantFrom(...'abzAZ09_.:/-'), minLength: 1, maxLength: 64 });
const map = (value: fc.Arbitrary<number>) =>
  fc.dictionary(name, value, { maxKeys: 32, minKeys: 1, noNullPrototype: true });

const report: fc.Arbitrary<OrcaReport> = fc.record(
  {
    cpuUtilization: figure,
    memUtilization: share,
    applicationUtilization: figure,
    rps: figure,
    eps: figure,
    utilization: map(share),
    named: map(figure),
  },
  { requiredKeys: [], noNullPrototype: true },
);

function encode(report: OrcaReport): Buffer {
  const numbers = { cpuUtilization: 1, memUtilization: 2, rps: 6, eps: 7, applicationUtilization: 9 } as const;
  const figures = Object.entries(numbers).flatMap(([key, number]) => {
    const value = report[key as keyof typeof numbers];
    return value === undefined ? [] : [double(number, value)];
  });
  const entries = (number: number, map: Readonly<Record<string, number>> = {}) =>
    Object.entries(map).map(([own, value]) =>
      bytes(number, Buffer.concat([bytes(1, Buffer.from(own)), double(2, value)])),
    );
  return Buffer.concat([...figures, ...entries(5, report.utilization), ...entries(8, report.named)]);
}

/** All that may be believed: figures that are some. */
function sound(found: OrcaReport | undefined): void {
  if (found === undefined) return;
  const { utilization = {}, named = {}, ...figures } = found;
  for (const value of [...Object.values(figures), ...Object.values(utilization), ...Object.values(named)]) {
    assert.ok(typeof value === 'number' && Number.isFinite(value) && value >= 0);
  }
  assert.ok((found.memUtilization ?? 0) <= 1 && Object.values(utilization).every((value) => value <= 1));
  for (const names of [utilization, named]) {
    assert.equal(Object.getPrototypeOf(names), Object.prototype);
    assert.ok(Object.keys(names).length <= 32);
  }
}

test('a report in binary is read back as it was written, unless it is longer than any may be', () => {
  fc.assert(
    fc.property(report, (given) => {
      const base64 = encode(given).toString('base64');
      assert.deepEqual(parseBinaryOrca(base64), base64.length > 4_096 ? undefined : given);
    }),
  );
});

test('whatever bytes come as a report, it is none or a sound one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_100 }), (given) => {
      sound(parseBinaryOrca(Buffer.from(given).toString('base64')));
    }),
  );
});

test('a report of which some bytes are others, or missing, or more, is none or a sound one', () => {
  const harm = fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(
    fc.property(report, fc.array(harm, { minLength: 1, maxLength: 4 }), (given, harms) => {
      const harmed = harms.reduce((all, { at, cut, put }) => {
        const from = at % (all.length + 1);
        return Buffer.concat([all.subarray(0, from), put, all.subarray(from + cut)]);
      }, encode(given));
      sound(parseBinaryOrca(harmed.toString('base64')));
    }),
  );
});

test('whatever text comes as a report, it is none or a sound one', () => {
  const piece = fc.constantFrom(
    'BIN ',
    'TEXT ',
    'JSON ',
    'CTMzMzMzM9M/',
    'eps=',
    '1',
    '.',
    ',',
    '{"eps":',
    '}',
    '=',
    'é',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (header) => {
      sound(parseOrca(header));
      sound(parseBinaryOrca(header));
      sound(readOrca(() => header));
    }),
  );
});
