import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameEnds } from '../../src/core/same-ends.ts';
import { fc } from '../support/fast-check.ts';

test('what two lists have in common at their ends is found, and never counted twice', () => {
  assert.deepEqual(sameEnds([1, 2, 3], [1, 9, 3]), [1, 1]);
  assert.deepEqual(sameEnds([1, 2, 3], [1, 3]), [1, 1]);
  assert.deepEqual(sameEnds([1, 1], [1, 1, 1]), [2, 0]);
  assert.deepEqual(sameEnds([], [1]), [0, 0]);
});

test('both lists are their ends and what is between them, whatever they hold', () => {
  const few = fc.array(fc.nat({ max: 3 }), { maxLength: 12 });
  fc.assert(
    fc.property(few, few, (before, now) => {
      const [head, tail] = sameEnds(before, now);
      assert.ok(head + tail <= Math.min(before.length, now.length));
      const patched = [
        ...before.slice(0, head),
        ...now.slice(head, now.length - tail),
        ...before.slice(before.length - tail),
      ];
      assert.deepEqual(patched, now);
    }),
  );
});
