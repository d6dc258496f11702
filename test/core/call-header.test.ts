import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callHeader } from '../../src/core/call-header.ts';

const call = (headers: object, sent?: object) => ({ headers, ...(sent && { request: { headers: sent } }) }) as never;

test('a header of the client wins over that of the call, and lists are one text', () => {
  assert.equal(callHeader(call({ a: 'mesh' }, { a: 'client' }), 'a'), 'client');
  assert.equal(callHeader(call({ a: 'mesh' }, {}), 'a'), 'mesh');
  assert.equal(callHeader(call({}, { a: ['one', 'two'] }), 'a'), 'one, two');
  assert.equal(callHeader(call({}), 'a'), undefined);
});

test('what is no text, though it should be, reads as the text that would be sent', () => {
  assert.equal(callHeader(call({ a: 5 }), 'a'), '5');
  assert.equal(callHeader(call({ a: true }), 'a'), 'true');
});
