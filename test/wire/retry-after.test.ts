import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfter, retryAfterIn } from '../../src/wire/retry-after.ts';
import { fc } from '../support/fast-check.ts';

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);

test('seconds are seconds', () => {
  assert.equal(parseRetryAfter('2', NOW), 2_000);
  assert.equal(parseRetryAfter('0', NOW), 0);
  assert.equal(parseRetryAfter(' 3 ', NOW), 3_000);
});

/** What headers come to, in milliseconds. */
const asked = (headers: Readonly<Record<string, string>>): number | undefined =>
  parseRetryAfter(
    retryAfterIn((name) => headers[name]),
    NOW,
  );

test('milliseconds are milliseconds, and finer than Retry-After, which stands beside them', () => {
  assert.equal(asked({ 'retry-after-ms': '1500', 'retry-after': '2' }), 1_500);
  assert.equal(asked({ 'retry-after-ms': '0' }), 0);
  assert.equal(asked({ 'retry-after-ms': '999999999' }), 300_000);
  for (const odd of ['-1', '1.5', 'soon', '', '9999999999']) {
    assert.equal(asked({ 'retry-after-ms': odd, 'retry-after': '2' }), 2_000, odd);
  }
});

test('the reset of a rate limit is in seconds, or the second since 1970, where nothing else is said', () => {
  assert.equal(asked({ 'x-ratelimit-reset': '7' }), 7_000);
  assert.equal(asked({ 'x-ratelimit-reset': String(NOW / 1_000 + 7) }), 7_000);
  assert.equal(asked({ 'x-ratelimit-reset': String(NOW / 1_000 - 7) }), 0);
  assert.equal(asked({ 'x-ratelimit-reset': '7', 'retry-after': '2' }), 2_000);
  for (const odd of ['-7', '7.5', 'soon', '', '99999999999']) {
    assert.equal(asked({ 'x-ratelimit-reset': odd }), undefined, odd);
  }
  assert.equal(asked({}), undefined);
});

test('a date is how long until then', () => {
  assert.equal(parseRetryAfter('Mon, 23 Nov 2026 12:00:05 GMT', NOW), 5_000);
  const first = Date.UTC(2026, 11, 1, 9, 0, 0);
  assert.equal(parseRetryAfter('Tue, 1 Dec 2026 09:00:07 GMT', first), 7_000); // as Java's RFC_1123_DATE_TIME writes it
});

test('a date that has passed is at once', () => {
  assert.equal(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', NOW), 0);
});

test('more than five minutes is five minutes', () => {
  assert.equal(parseRetryAfter('999999999', NOW), 300_000);
  assert.equal(parseRetryAfter('Mon, 23 Nov 2037 12:00:00 GMT', NOW), 300_000);
});

for (const odd of [
  '',
  ' ',
  '-1',
  '+1',
  '1.5',
  '1e3',
  '9999999999',
  'soon',
  '2026-11-23T12:00:05Z',
  'Mon, 23 Nov 2026 12:00:05',
  'Mon, 23 Nov 2026 12:00:05 CET',
  'Mon, 99 Nov 2026 12:00:05 GMT',
  '5, 6',
  '1;2',
]) {
  test(`${JSON.stringify(odd)} can not be read`, () => {
    assert.equal(parseRetryAfter(odd, NOW), undefined);
  });
}

test('nothing asks for nothing', () => {
  assert.equal(parseRetryAfter(undefined, NOW), undefined);
});

test('whatever a server says, the wait is a number from 0 to five minutes, or there is none', () => {
  const date = fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
    .map((date) => date.toUTCString());
  fc.assert(
    fc.property(fc.oneof(fc.string(), date, fc.nat().map(String)), (text) => {
      const ms = parseRetryAfter(text, NOW);
      assert.ok(ms === undefined || (ms >= 0 && ms <= 300_000), `${ms}`);
    }),
    { numRuns: 500 },
  );
});
