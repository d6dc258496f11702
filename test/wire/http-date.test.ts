import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHttpDate } from '../../src/wire/http-date.ts';
import { fc } from '../support/fast-check.ts';

test('a date is read in each of the three forms that RFC 9110, 5.6.7, has', () => {
  for (const text of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
    assert.equal(parseHttpDate(text), 784_111_777_000, text);
  }
  assert.equal(parseHttpDate('Wed Nov 16 08:49:37 1994'), 784_975_777_000);
});

test('a day of one digit is read, as RFC_1123_DATE_TIME of Java writes it', () => {
  assert.equal(parseHttpDate('Sun, 6 Nov 1994 08:49:37 GMT'), 784_111_777_000);
});

test('what is no date of HTTP is none', () => {
  for (const bad of [
    '0',
    '-1',
    '',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun Nov 06 08:49:37 1994 GMT',
    '1994-11-06T08:49:37Z',
  ]) {
    assert.equal(parseHttpDate(bad), undefined, bad);
  }
});

test('every second is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
      assert.equal(parseHttpDate(new Date(second * 1_000).toUTCString()), second * 1_000);
    }),
  );
});
