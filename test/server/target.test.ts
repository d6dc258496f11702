import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOf } from '../../src/server/target.ts';

test('of a request target the path and query count, also where a client sends the whole URL', () => {
  for (const [target, path] of [
    ['/orders?x=1', '/orders?x=1'],
    ['http://shop/orders?x=1', '/orders?x=1'],
    ['HTTPS://user@shop:80/orders', '/orders'],
    ['http://shop', '/'],
    ['http://shop?x=1', '/?x=1'],
    ['//shop/orders', '//shop/orders'],
    ['*', '*'],
    ['', ''],
  ] as const) {
    assert.equal(pathOf(target), path, target);
  }
});
