import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from '../../src/core/message-of.ts';

test('whatever was thrown says something, and asking it never throws', () => {
  for (const [thrown, says] of [
    [new TypeError('no'), 'no'],
    ['no', 'no'],
    [undefined, 'undefined'],
    [Symbol('no'), 'Symbol(no)'],
    [Object.create(null), 'an object'],
  ] as const) {
    assert.equal(messageOf(thrown), says);
  }
});
