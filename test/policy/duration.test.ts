import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '../../src/policy/duration.ts';
import { table } from '../../src/policy/table.ts';

const readable: Readonly<Record<string, number>> = {
  '0ms': 0,
  '250ms': 250,
  '2s': 2_000,
  '1.5s': 1_500,
  '0.5ms': 0.5,
  '1m30s': 90_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '1h1m1s1ms': 3_661_001,
  '1s1s': 2_000,
};

for (const [text, ms] of Object.entries(readable)) {
  test(`'${text}' is ${ms} milliseconds`, () => {
    assert.equal(parseDuration(text), ms);
  });
}

const unreadable = [
  '',
  ' ',
  '5',
  's',
  'ms',
  '-1s',
  '+1s',
  '1 s',
  ' 1s',
  '1s ',
  '1S',
  '1sec',
  '1d',
  '.5s',
  '1.s',
  '1e3ms',
  '0x1s',
  '1,5s',
  'off',
  'Infinity',
  'NaN',
  '1s;',
  '1s\n',
  '\n1s',
  '٣s',
  '9999999999ms',
  '1.2345s',
  `${'1s'.repeat(10)}x`,
];

for (const text of unreadable) {
  test(`${JSON.stringify(text)} is no duration`, () => {
    assert.equal(parseDuration(text), undefined);
  });
}

const written: Readonly<Record<string, number>> = {
  '0ms': 0,
  '250ms': 250,
  '1s': 1_000,
  '1s500ms': 1_500,
  '1m30s': 90_000,
  '1h': 3_600_000,
  '5m': 300_000,
  '0.25ms': 0.25,
  off: Number.POSITIVE_INFINITY,
};

for (const [text, ms] of Object.entries(written)) {
  test(`${ms} milliseconds are written '${text}'`, () => {
    assert.equal(formatDuration(ms), text);
  });
}

test('what the schema takes for a duration is what is one', () => {
  const { json } = table.deadline.fields.timeout as unknown as { readonly json: { readonly pattern: string } };
  const form = new RegExp(json.pattern, 'u');
  const isOff = form.test('off');
  for (const text of [...Object.keys(readable), ...unreadable]) {
    const isOne = parseDuration(text) !== undefined || (isOff && text === 'off');
    assert.equal(form.test(text), isOne, JSON.stringify(text));
  }
});
