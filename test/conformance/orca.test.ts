// Load reports in binary, as `protobufjs` writes them by the schema that grpc-js ships
// (proto/xds/xds/data/orca/v3/orca_load_report.proto), and a few written by hand from the encoding guide of Protocol
// Buffers (protobuf.dev/programming-guides/encoding).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OrcaReport, parseBinaryOrca } from '../../src/wire/orca.ts';
import { FULL_REPORT } from '../support/orca.ts';

const FULL =
  '09333333333333d33f119a9999999999e93f2a0f0a046469736b119a9999999999d93f310000000000448f403900000000000000404210' +
  '0a05717565756511000000000000314042120a07666f6f2e62617211000000000000f83f49333333333333f33f';

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/** What was given to the other encoder, its bytes, and what is to be read from them. */
const WRITTEN: readonly (readonly [what: string, hex: string, report: OrcaReport])[] = [
  ['one figure', '09333333333333d33f', { cpuUtilization: 0.3 }],
  ['all figures and maps', FULL, FULL_REPORT],
  ['the whole number of requests that there was before', '18e807', { rps: 1_000 }],
  ['the largest such number', '18ffffffffffffffffff01', { rps: 2 ** 64 }],
  ['both numbers of requests: the newer one counts', '180731000000000000f83f', { rps: 1.5 }],
  [
    'costs of the request, which are no load',
    '220e0a03637075110000000000000c40220f0a046469736b11000000000000f03f39000000000000f03f',
    { eps: 1 },
  ],
  ['nothing', '', {}],
  ['a named figure of 0', '420f0a047a65726f110000000000000000', { named: { zero: 0 } }],
];

for (const [what, hex, report] of WRITTEN) {
  test(`${what}, as another implementation writes it, is read, with its padding and without`, () => {
    assert.deepEqual(parseBinaryOrca(base64(hex)), report);
    assert.deepEqual(parseBinaryOrca(base64(hex).replace(/=+$/, '')), report);
  });
}

/** By hand: 1.0 is 000000000000f03f. */
const ALLOWED: readonly (readonly [what: string, hex: string, report: OrcaReport])[] = [
  [
    'of a figure that stands there twice the last counts',
    '09000000000000f03f09000000000000e03f',
    { cpuUtilization: 0.5 },
  ],
  ['of a named figure too', '420c0a016111000000000000f03f420c0a016111000000000000e03f', { named: { a: 0.5 } }],
  ['the parts of an entry may stand in any order', '420c11000000000000f03f0a0161', { named: { a: 1 } }],
  ['a value that is left out is 0', '42030a0161', { named: { a: 0 } }],
  ['fields that are not known are passed over: a varint', '50ac0239000000000000f03f', { eps: 1 }],
  ['a double', '51000000000000f03f39000000000000f03f', { eps: 1 }],
  ['bytes', '520361626339000000000000f03f', { eps: 1 }],
  ['32 bits', '550000803f39000000000000f03f', { eps: 1 }],
  ['one of the largest number there is', 'f8ffffff0f0139000000000000f03f', { eps: 1 }],
  ['a tag may be longer than need be', '898000000000000000f03f', { cpuUtilization: 1 }],
];

for (const [what, hex, report] of ALLOWED) {
  test(`as the format has it: ${what}`, () => assert.deepEqual(parseBinaryOrca(base64(hex)), report));
}

const REFUSED: readonly (readonly [what: string, hex: string])[] = [
  ['a double that is cut short', '0900000000'],
  ['a varint that is cut short', '18e8'],
  ['bytes that are longer than what there is', '4210' + '0a0161'],
  ['bytes of a length beyond any', '42ffffffffffffffffff01'],
  ['a varint of eleven bytes', '18ffffffffffffffffffff01'],
  ['a varint of more than 64 bits', '18ffffffffffffffffff02'],
  ['a field of number 0', '01000000000000f03f'],
  ['a field of a number beyond the last', '808080801001'],
  ['a group', '0b0c'],
  ['the end of a group', '0c'],
  ['a wire type that there is not', '0e'],
  ['a figure that is a varint', '0801'],
  ['a figure that is bytes', '0a0161'],
  ['an old number of requests that is a double', '19000000000000f03f'],
  ['a map that is a figure', '41000000000000f03f'],
  ['an entry whose value is a varint', '42050a01611001'],
  ['an entry whose name is a number', '42020801'],
  ['an entry that is no message', '4203ffffff'],
  ['an entry without a name', '420911000000000000f03f'],
  ['a negative figure', '09000000000000f0bf'],
  ['a figure that is none', '09000000000000f87f'],
  ['an endless figure', '09000000000000f07f'],
  ['memory of more than all', '110000000000000040'],
  ['a share of more than all', '2a0c0a0161110000000000000040'],
  ['a name that is no text', '420c0a01ff11000000000000f03f'],
  ['the name of the prototype', '42140a095f5f70726f746f5f5f11000000000000f03f'],
];

for (const [what, hex] of REFUSED) {
  test(`a report with ${what} is none`, () => assert.equal(parseBinaryOrca(base64(hex)), undefined));
}

for (const text of [
  'CTMzMzMzM9M',
  'CTMzMzMzM9M/=',
  'CTMz MzMzM9M/',
  'CTMzMzMzM9M_',
  'A',
  'A===',
  '=',
  'CTMzMzMzM9M/,CTMzMzMzM9M/',
  'é',
]) {
  test(`${JSON.stringify(text)} is no report in base64`, () => assert.equal(parseBinaryOrca(text), undefined));
}
