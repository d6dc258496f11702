import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequestId } from '../../src/wire/request-id.ts';

test('a request id is up to 128 visible characters', () => {
  for (const id of ['7', '0f8fad5b-d9cb-469f-a165-70867728950e', 'x'.repeat(128)]) assert.equal(parseRequestId(id), id);
});

test('what could break a log or a header is no request id', () => {
  for (const id of [undefined, '', 'a b', 'a\nb', 'a\u0000', 'ä', '\u001b[31m', 'x'.repeat(129)])
    assert.equal(parseRequestId(id), undefined);
});
