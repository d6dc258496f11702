import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '../../src/policy/duration.ts';
import { fc } from '../support/fast-check.ts';

test('what is written for a duration reads as that duration', () => {
  fc.assert(
    fc.property(fc.nat({ max: 86_400_000 }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
    }),
  );
});

test('thousandths of a millisecond survive too', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10_000_000 }), (us) => {
      const ms = us / 1_000;
      assert.ok(Math.abs(parseDuration(formatDuration(ms))! - ms) < 1e-6);
    }),
  );
});

test('no text makes the parser throw, hang, or give what is no length of time', () => {
  const parts = fc.constantFrom('1', '9', '.', 'm', 's', 'h', 'ms', '-', 'e', ' ', 'off', '\0', '0'.repeat(1_000));
  const hostile = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 50 }).map((some) => some.join('')),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const ms = parseDuration(text);
      assert.ok(ms === undefined || (Number.isFinite(ms) && ms >= 0), `${ms}`);
    }),
    { numRuns: 1_000 },
  );
});
