import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { parseTarget, withQuery } from '../../src/transport/target.ts';
import { fc } from '../support/fast-check.ts';

const TARGETS: [string | URL, string, string][] = [
  ['http://orders/orders/42', 'orders', '/orders/42'],
  ['http://orders', 'orders', '/'],
  ['http://orders?a=1', 'orders', '/?a=1'],
  ['http://orders/', 'orders', '/'],
  ['http://Orders/a', 'Orders', '/a'],
  ['HTTP://Orders/a', 'Orders', '/a'],
  ['http://order-items_v2.eu/a?b=c&d=%20#part', 'order-items_v2.eu', '/a?b=c&d=%20'],
  ['http://orders/a b/ü?q=ü', 'orders', '/a%20b/%C3%BC?q=%C3%BC'],
  ['http://orders/a/../b/./c', 'orders', '/b/c'],
  ['http://orders/a/%2e%2e/b', 'orders', '/b'],
  ["http://orders/it's?it's", 'orders', "/it's?it%27s"],
  ['http://orders:80/a', 'orders', '/a'],
  [new URL('http://Orders/a?b'), 'orders', '/a?b'],
];

for (const [url, service, path] of TARGETS) {
  test(`${url} is the path ${path} of ${service}`, () => {
    assert.deepEqual(parseTarget(url), { service, path });
  });
}

const REFUSED: [unknown, RegExp][] = [
  ['/orders/42', /must name a service.*got '\/orders\/42'/],
  ['orders/42?token=secret', /got 'orders\/42' /],
  ['', /must name a service/],
  ['http://', /must name a service/],
  ['http:///a', /'a'|must name a service/],
  [undefined, /must name a service.*got undefined/],
  [null, /got null/],
  [42, /got number/],
  ['https://orders/', /must begin with 'http:\/\/', got 'https:'/],
  ['ftp://orders/', /must begin with 'http:\/\/', got 'ftp:'/],
  ['orders:3000/a', /must begin with 'http:\/\/', got 'orders:'/],
  ['http://ann:secret@orders/', /must hold no user name or password/],
  ['http://orders:8080/', /must have no port, got ':8080'/],
  ['http://[::1]:3000/', /must have no port/],
];

for (const [url, message] of REFUSED) {
  test(`${url} is refused`, () => {
    assert.throws(
      () => parseTarget(url as string),
      (error) => {
        assert.ok(MeshError.is(error));
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.equal(error.sent, 'no');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

test('what is read the quick way reads as URL would read it', () => {
  const part = fc.string({ unit: fc.constantFrom(...'aZ09-._~!$&\'()*+,;=:@%/?#"<> {}|\\^`ü'), maxLength: 20 });
  fc.assert(
    fc.property(part, (rest) => {
      const url = `http://orders/${rest}`;
      const parsed = new URL(url);
      assert.equal(parseTarget(url).path, `${parsed.pathname}${parsed.search}`);
    }),
  );
});

test('a query is added to the one there is', () => {
  assert.equal(withQuery('/a', { b: 1, c: ['x', true], d: undefined, e: null, f: '&=' }), '/a?b=1&c=x&c=true&f=%26%3D');
  assert.equal(withQuery('/a?b', new URLSearchParams('c=1')), '/a?b&c=1');
  assert.equal(withQuery('/a', {}), '/a');
});
