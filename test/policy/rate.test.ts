import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRate, parseRate } from '../../src/policy/rate.ts';

const readable: Readonly<Record<string, readonly [count: number, periodMs: number]>> = {
  '100/s': [100, 1_000],
  '1000/m': [1_000, 60_000],
  '5/10s': [5, 10_000],
  '1/250ms': [1, 250],
  '3/h': [3, 3_600_000],
};

for (const [text, [count, periodMs]] of Object.entries(readable)) {
  test(`'${text}' is ${count} in ${periodMs} ms, and is written so again`, () => {
    assert.deepEqual(parseRate(text), { count, periodMs });
    assert.equal(formatRate({ count, periodMs }), text);
  });
}

for (const text of ['', '100', '/s', '0/s', '-1/s', '1.5/s', '100 / s', '100/', '100/d', '5/0s', '01/s', '1e3/s']) {
  test(`'${text}' is no rate`, () => {
    assert.equal(parseRate(text), undefined);
  });
}

test('a rate with a length of its own is written in the shortest way', () => {
  assert.equal(formatRate(parseRate('60/60s')!), '60/m');
});
