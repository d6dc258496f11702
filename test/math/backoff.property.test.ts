import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff } from '../../src/math/backoff.ts';
import { fc } from '../support/fast-check.ts';

test('a wait is never below 0, above its bound, or no number, however many retries there were', () => {
  const ms = fc.double({ min: 0, max: 86_400_000, noNaN: true });
  const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  fc.assert(
    fc.property(ms, ms, fc.integer({ min: 1, max: 5_000 }), chance, (base, max, retry, random) => {
      const wait = backoff(base, max, retry, random);
      assert.ok(wait >= 0 && wait <= max, `waited ${wait} of at most ${max}`);
    }),
  );
});
