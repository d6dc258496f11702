import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import { fixed } from '../../src/testing/random.ts';
import {
  formatTrace,
  newSpanIdPrefix,
  newTraceId,
  newTraceIdPrefix,
  parseTrace,
  RANDOM_ID,
  SAMPLED,
} from '../../src/wire/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;

const stateOf = (tracestate: string): string | undefined => parseTrace(GOOD, tracestate)?.state;

test('a traceparent is version, trace id, parent id and flags', () => {
  assert.deepEqual(parseTrace(GOOD), { traceId: TRACE, parentId: SPAN, flags: SAMPLED, state: '' });
});

test('the flags of both levels are known: sampled, and a trace id that is random', () => {
  const flags = ['00', '01', '02', '03'].map((text) => parseTrace(`00-${TRACE}-${SPAN}-${text}`)?.flags);
  assert.deepEqual(flags, [0, SAMPLED, RANDOM_ID, SAMPLED | RANDOM_ID]);
});

test('flags that no level knows are not passed on', () => {
  assert.equal(parseTrace(`00-${TRACE}-${SPAN}-ff`)?.flags, SAMPLED | RANDOM_ID);
  assert.equal(parseTrace(`00-${TRACE}-${SPAN}-fc`)?.flags, 0);
});

test('blanks and tabs around it are HTTP’s, and do not count', () => {
  for (const text of [` ${GOOD}`, `\t${GOOD}`, `${GOOD} `, `${GOOD}\t`, `\t ${GOOD} \t`]) {
    assert.equal(parseTrace(text)?.traceId, TRACE);
  }
});

test('a later version is read as far as this one goes, and may say more after a dash', () => {
  assert.equal(parseTrace(`cc-${TRACE}-${SPAN}-01`)?.traceId, TRACE);
  assert.equal(parseTrace(`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`)?.traceId, TRACE);
  assert.equal(parseTrace(`01-${TRACE}-${SPAN}-01-`)?.traceId, TRACE);
});

const refused: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'version ff': `ff-${TRACE}-${SPAN}-01`,
  'version 00 with more behind it': `${GOOD}-more`,
  'version 00 with a dash behind it': `${GOOD}-`,
  'version 00 with a dot behind it': `${GOOD}.`,
  'a later version with more that no dash divides': `cc-${TRACE}-${SPAN}-01.more`,
  'a version of one digit': `0-${TRACE}-${SPAN}-01`,
  'a version of three digits': `000-${TRACE}-${SPAN}-01`,
  'a version that is not hexadecimal': `.0-${TRACE}-${SPAN}-01`,
  'a trace id of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
  'a trace id that is too short': `00-${TRACE.slice(1)}-${SPAN}-01`,
  'a trace id that is too long': `00-${TRACE}0-${SPAN}-01`,
  'a trace id in upper case': `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  'a trace id that is not hexadecimal': `00-.${TRACE.slice(1)}-${SPAN}-01`,
  'a parent id of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
  'a parent id that is too short': `00-${TRACE}-${SPAN.slice(1)}-01`,
  'a parent id that is too long': `00-${TRACE}-${SPAN}0-01`,
  'a parent id in upper case': `00-${TRACE}-${SPAN.toUpperCase()}-01`,
  'a parent id that is not hexadecimal': `00-${TRACE}-.${SPAN.slice(1)}-01`,
  'flags of one digit': `00-${TRACE}-${SPAN}-1`,
  'flags of three digits': `00-${TRACE}-${SPAN}-001`,
  'flags that are not hexadecimal': `00-${TRACE}-${SPAN}-.0`,
  'flags in upper case': `00-${TRACE}-${SPAN}-0A`,
  'other dividers': `00_${TRACE}_${SPAN}_01`,
  'two in one': `${GOOD},${GOOD}`,
  'a line of its own': `${GOOD}\n`,
  'white space that HTTP does not know': `\u00a0${GOOD}`,
  'far too much': `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1_000)}`,
};

for (const [what, text] of Object.entries(refused)) {
  test(`a traceparent of ${what} is none`, () => {
    assert.equal(parseTrace(text, 'foo=1'), undefined);
  });
}

test('without a traceparent there is no trace, whatever the tracestate says', () => {
  assert.equal(parseTrace(undefined, 'foo=1'), undefined);
});

const passedOn: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'one member': ['foo=1', 'foo=1'],
  'several, in their order': ['foo=1,bar=2,baz=3', 'foo=1,bar=2,baz=3'],
  'blanks and tabs between members': ['foo=1 \t , \t bar=2, \t baz=3', 'foo=1,bar=2,baz=3'],
  'blanks inside a value': ['foo=a b', 'foo=a b'],
  'empty members': ['foo=1,,bar=2,', 'foo=1,bar=2'],
  'a tenant and a system': ['1tenant@system=1', '1tenant@system=1'],
  'the longest simple key': [`${'z'.repeat(256)}=1`, `${'z'.repeat(256)}=1`],
  'the longest key of a tenant': [`${'t'.repeat(241)}@${'v'.repeat(14)}=1`, `${'t'.repeat(241)}@${'v'.repeat(14)}=1`],
  'a key that begins with a digit': ['1foo=1', '1foo=1'],
  'at signs anywhere but first, as level 2 has it': [
    'foo@=1,foo@bar@baz=2,foo@1bar=3',
    'foo@=1,foo@bar@baz=2,foo@1bar=3',
  ],
  'blanks before a value, which belong to it': ['foo=  a', 'foo=  a'],
  'blanks behind a value, which do not': ['foo=a  ,bar=b ', 'foo=a,bar=b'],
  'nothing but blanks between its commas': ['foo=1, \t ,bar=2', 'foo=1,bar=2'],
  'the longest value': [`foo=${'v'.repeat(256)}`, `foo=${'v'.repeat(256)}`],
  'every character of a key': ['abcxyz0189_-*/=1', 'abcxyz0189_-*/=1'],
  'every kind of character of a value': ['foo=!#$%&()*+-./:;<>?@AZ[]^_`az{|}~', 'foo=!#$%&()*+-./:;<>?@AZ[]^_`az{|}~'],
  '32 members': [
    Array.from({ length: 32 }, (_, at) => `k${at}=1`).join(','),
    Array.from({ length: 32 }, (_, at) => `k${at}=1`).join(','),
  ],
};

for (const [what, [from, to]] of Object.entries(passedOn)) {
  test(`a tracestate with ${what} is passed on`, () => {
    assert.equal(stateOf(from), to);
  });
}

test('of a tracestate of more than 512 characters the large members go first, then the last', () => {
  const large = `large=${'v'.repeat(123)}`; // 129 with its key
  const small = (at: number) => `k${at}=${'v'.repeat(97)}`; // 100 each, for at < 10
  const smalls = [0, 1, 2, 3, 4].map(small);
  assert.equal(stateOf([smalls[0], large, ...smalls.slice(1)].join()), smalls.join());
  assert.equal(stateOf([...smalls, small(5)].join()), smalls.join());
  const just = `large=${'v'.repeat(122)}`; // 128: not large
  assert.equal(stateOf([just, ...smalls].join()), [just, ...smalls.slice(0, 3)].join());
  const exact = [...smalls, `l=${'v'.repeat(5)}`].join(); // 512 in all
  assert.equal(exact.length, 512);
  assert.equal(stateOf(exact), exact);
});

const dropped: Readonly<Record<string, string>> = {
  'an equals sign in a value': 'foo=a=b',
  'no value': 'foo=',
  'no key': '=1',
  'no equals sign': 'foo',
  'a key in upper case': 'FOO=1',
  'a dot in a key': 'foo.bar=1',
  'a blank before the equals sign': 'foo =1',
  'a key that begins with an at sign': '@foo=1,bar=2',
  'a key that begins with a dash': '-foo=1',
  'a tab in a value': 'foo=a\tb',
  'a longer text than 32 members can be': `foo=1,${' '.repeat(8_192)}`,
  'a key that is too long': `${'z'.repeat(257)}=1`,
  'a value that is too long': `foo=${'v'.repeat(257)}`,
  'a value that is not ASCII': 'foo=ü',
  'a control character': 'foo=\u0001',
  'the same key twice': 'foo=1,foo=1',
  'the same key with two values': 'foo=1,bar=2,foo=3',
  '33 members': Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(','),
};

for (const [what, text] of Object.entries(dropped)) {
  test(`a tracestate with ${what} is dropped whole, and the trace goes on`, () => {
    assert.equal(stateOf(text), '');
    assert.equal(parseTrace(GOOD, text)?.traceId, TRACE);
  });
}

test('what is sent names the trace, a new parent and the flags', () => {
  const trace = { traceId: TRACE, parentId: SPAN, flags: SAMPLED | RANDOM_ID, state: '' };
  const { bits } = seeded(1);
  const prefix = newSpanIdPrefix(bits);
  const [one, other] = [formatTrace(trace, prefix, bits), formatTrace(trace, prefix, bits)];
  for (const text of [one, other]) {
    const read = parseTrace(text)!;
    assert.equal(read.traceId, TRACE);
    assert.equal(read.flags, SAMPLED | RANDOM_ID);
    assert.notEqual(read.parentId, SPAN);
  }
  assert.notEqual(one, other, 'each attempt is a parent of its own');
});

test('no id is all zeros, even when chance gives nothing but zeros', () => {
  const { bits } = fixed(0);
  const traceId = newTraceId(newTraceIdPrefix(bits), bits);
  const text = formatTrace({ traceId, parentId: undefined, flags: 0, state: '' }, newSpanIdPrefix(bits), bits);
  assert.equal(parseTrace(text)?.traceId, traceId);
});

test('the last 14 digits of a trace id are random bit by bit, as the flag of level 2 says', () => {
  const { bits } = seeded(7);
  const prefix = newTraceIdPrefix(bits);
  const ones = new Array<number>(56).fill(0);
  const ids = 4_000;
  for (let id = 0; id < ids; id++) {
    const random = BigInt(`0x${newTraceId(prefix, bits).slice(-14)}`);
    for (let bit = 0; bit < 56; bit++) if ((random >> BigInt(bit)) & 1n) ones[bit]!++;
  }
  for (const [bit, count] of ones.entries()) {
    assert.ok(count > 0.45 * ids && count < 0.55 * ids, `bit ${bit} is set in ${count} of ${ids}`);
  }
});
