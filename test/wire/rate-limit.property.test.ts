import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRateLimit, readQuotaLeft } from '../../src/wire/rate-limit.ts';
import { fc } from '../support/fast-check.ts';

const piece = fc.constantFrom(
  '"a"',
  'b',
  ';',
  'r=',
  't=',
  '1',
  '99',
  '-',
  '.',
  ',',
  ' ',
  '\t',
  '"',
  '\\',
  '=',
  ':',
  'é',
);
const field = fc.oneof(
  fc.string(),
  fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
);

test('whatever a server writes, it says nothing or something that can be gone by', () => {
  fc.assert(
    fc.property(field, field, field, fc.constantFrom(200, 429), (one, other, third, status) => {
      const headers: Record<string, string> = {
        ratelimit: one,
        'x-ratelimit-remaining': other,
        'x-ratelimit-reset': third,
        'retry-after': third,
      };
      const read = [readQuotaLeft((name) => headers[name], status, 0), parseRateLimit(one)];
      for (const left of read) {
        if (left === undefined) continue;
        assert.ok(Number.isInteger(left.left) && left.left >= 0);
        assert.ok(left.resetMs >= 0 && left.resetMs <= 24 * 3_600_000);
      }
    }),
  );
});
