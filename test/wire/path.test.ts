import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readings } from '../../src/wire/path.ts';

test('a path has as many readings as servers may have of it; most have one', () => {
  for (const [target, ...read] of [
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/a?x=/../b', '/a'],
    ['/a:b@c/!$', '/a:b@c/!$'],
    ['//a///b', '//a///b', '/a/b', '///b', '/b'],
    ['//host/a', '//host/a', '/host/a', '/a'],
    ['///host/a/../b', '///host/a/../b', '///host/b', '/host/b', '/a/../b', '/b'],
    ['//host', '//host', '/host', '/'],
    ['//', '//', '/'],
    ['/a/./b/../c', '/a/./b/../c', '/a/c'],
    ['/a/..', '/a/..', '/'],
    ['/a/b/..', '/a/b/..', '/a/'],
    ['/../../etc', '/../../etc', '/etc'],
    ['/a//../b', '/a//../b', '/a/b', '/b'],
    ['/%61dmin', '/%61dmin', '/admin'],
    ['/%2e%2E/admin', '/%2E%2E/admin', '/../admin', '/admin'],
    ['/a/%7Eme/%2D%5f', '/a/%7Eme/%2D%5F', '/a/~me/-_'],
    ['/a%3ab', '/a%3Ab', '/a:b'],
    ['/a%20b/%C3%A4', '/a b/ä'],
    ['/a%23b', '/a#b', '/a'],
    ['/a%3Fb/../c', '/a?b/../c', '/c', '/a'],
    ['/a%3Bx=1/b', '/a%3Bx=1/b', '/a;x=1/b', '/a/b'],
    ['/a%EF%BC%9Bx/b', '/a\uff1bx/b', '/a;x/b', '/a/b'], // looks like that
    ['/a%EF%BC%9Fb', '/a\uff1fb', '/a?b', '/a'],
  ] as const) {
    assert.deepEqual(readings(target), read, target);
  }
});

test('what a server behind might read in ways that nobody can list is unclear', () => {
  for (const target of [
    '/a%2fb',
    '/a%5Cb',
    '/a\\b',
    '/a;v=1/b',
    '/a#b',
    '/a%00',
    '/a%0Ab',
    '/a%7f',
    '/%2561',
    '/%EF%BC%8561', // looks like that
    '/%zz',
    '/%',
    '/%E9', // Latin-1
    '/%c0%af', // a slash, to who reads overlong UTF-8
    '/a b',
    '/\u00e9',
    '*',
    'http://x/a',
    '',
  ]) {
    assert.equal(readings(target), undefined, target);
  }
});
