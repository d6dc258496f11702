import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainPath } from '../../src/wire/path.ts';

test('a path has one spelling, whatever way it is written', () => {
  for (const [target, plain] of [
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/a?x=/../b', '/a'],
    ['/a#b', '/a'],
    ['//a///b', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/../../etc', '/etc'],
    ['/%61dmin', '/admin'],
    ['/%2e%2E/admin', '/admin'],
    ['/a/%7Eme/%2D%5f', '/a/~me/-_'],
    ['/a%20b/%C3%A4', '/a%20b/%C3%A4'],
  ] as const) {
    assert.equal(plainPath(target), plain, target);
  }
});

test('what a server behind might read in two ways is unclear', () => {
  for (const target of [
    '/a%2fb',
    '/a%5Cb',
    '/a\\b',
    '/a;v=1/b',
    '/a%00',
    '/%2561',
    '/%zz',
    '/%',
    '/a b',
    '*',
    'http://x/a',
    '',
  ]) {
    assert.equal(plainPath(target), undefined, target);
  }
});
