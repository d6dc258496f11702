import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { type HeadersLike, readHeaders } from '../../src/transport/headers.ts';

const FORMS: [string, HeadersLike, Record<string, string | string[]>][] = [
  ['by name', { Accept: 'a', 'X-Many': ['1', '2'] }, { accept: 'a', 'x-many': ['1', '2'] }],
  ['as Headers', new Headers({ Accept: 'a' }), { accept: 'a' }],
  ['as a Map', new Map([['Accept', 'a']]), { accept: 'a' }],
  [
    'as pairs, a name said twice',
    [
      ['A', '1'],
      ['a', '2'],
    ],
    { a: ['1', '2'] },
  ],
  ['as a flat list', ['A', '1', 'B', '2'], { a: '1', b: '2' }],
  ['as an empty list', [], {}],
  ['with numbers, and nothing for what is not there', { a: 1, b: undefined, c: null }, { a: '1' }],
];

for (const [form, headers, fields] of FORMS) {
  test(`headers may be given ${form}`, () => {
    assert.deepEqual(readHeaders(headers), fields);
  });
}

for (const headers of ['a: b', 42, [['a']], [[1, 2, 3]], new Set(['a'])] as unknown as HeadersLike[]) {
  test(`${JSON.stringify(headers)} are no headers`, () => {
    assert.throws(
      () => readHeaders(headers),
      (error) => MeshError.is(error) && error.code === 'INVALID_ARGUMENT',
    );
  });
}

test('the name of a header can not reach the prototype', () => {
  const fields = readHeaders([
    ['constructor', 'a'],
    ['toString', 'b'],
  ]);
  assert.deepEqual(Object.entries(fields), [
    ['constructor', 'a'],
    ['tostring', 'b'],
  ]);
});
