import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Routes } from '../../src/policy/route.ts';
import { fc } from '../support/fast-check.ts';

const match = (names: readonly string[], method: string, path: string): string | undefined =>
  new Routes(names).match(method, path);

test('a segment in braces stands for one segment, whatever it says', () => {
  assert.equal(match(['GET /orders/{id}'], 'GET', '/orders/42'), 'GET /orders/{id}');
  assert.equal(match(['GET /orders/{id}'], 'GET', '/orders'), undefined);
  assert.equal(match(['GET /orders/{id}'], 'GET', '/orders/42/lines'), undefined);
});

test('a rest in braces stands for all that follows, nothing included', () => {
  const routes = ['/files/{rest*}'];
  for (const path of ['/files/a', '/files/a/b/c', '/files/']) assert.equal(match(routes, 'GET', path), routes[0]);
  assert.equal(match(routes, 'GET', '/other/a'), undefined);
});

test('a method named is the only one that fits; no method fits them all', () => {
  assert.equal(match(['POST /orders'], 'GET', '/orders'), undefined);
  assert.equal(match(['/orders'], 'DELETE', '/orders'), '/orders');
});

test('the query says nothing about the route', () => {
  assert.equal(match(['/orders'], 'GET', '/orders?a=/b/c'), '/orders');
  assert.equal(match(['/orders/{id}'], 'GET', '/orders?id=1'), undefined);
});

test('the most literal route wins, then the one that names the method, wherever they stand', () => {
  const routes = ['/orders/{id}', 'GET /orders/{id}', '/orders/new', '/{rest*}', 'GET /{a}/{b}'];
  for (const order of [routes, routes.toReversed()]) {
    assert.equal(match(order, 'GET', '/orders/new'), '/orders/new');
    assert.equal(match(order, 'GET', '/orders/7'), 'GET /orders/{id}');
    assert.equal(match(order, 'PUT', '/orders/7'), '/orders/{id}');
    assert.equal(match(order, 'GET', '/users/7'), 'GET /{a}/{b}');
    assert.equal(match(order, 'PUT', '/users'), '/{rest*}');
  }
});

test('a name that is no pattern is never matched: calls give it by hand', () => {
  assert.equal(match(['checkout'], 'GET', '/checkout'), undefined);
  assert.equal(match(['get /orders'], 'GET', '/orders'), undefined);
});

test('the root is a route', () => {
  assert.equal(match(['GET /'], 'GET', '/'), 'GET /');
  assert.equal(match(['GET /'], 'GET', '/x'), undefined);
});

test('no path and no pattern make matching throw, and what matches is one of the routes', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('/', '{', '}', '*', 'a', 'GET ', '?', '%'), { maxLength: 20 })
      .map((some) => some.join('')),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), text, text, (names, method, path) => {
      const found = match(names, method, path);
      assert.ok(found === undefined || names.includes(found));
    }),
  );
});

/** The same, the simple way: each route is held against the request, and the first of the most exact is it. */
function simply(names: readonly string[], method: string, path: string): string | undefined {
  const segments = path.split('?', 1)[0]!.split('/').slice(1);
  const exactness = names.map((name) => {
    const [, own, pattern] = /^(?:([A-Z]+) )?(\/\S*)$/.exec(name) ?? [];
    if (pattern === undefined || (own !== undefined && own !== method)) return -1;
    const wanted = pattern.split('/').slice(1);
    let sum = own === undefined ? 0 : 1;
    for (const [at, want] of wanted.entries()) {
      if (/^\{.*\*\}$/.test(want)) return sum;
      if (at >= segments.length) return -1;
      if (/^\{.*\}$/.test(want)) sum += 2;
      else if (want === segments[at]) sum += 4;
      else return -1;
    }
    return wanted.length === segments.length ? sum : -1;
  });
  const best = Math.max(-1, ...exactness);
  return best < 0 ? undefined : names[exactness.indexOf(best)];
}

test('among many routes the same is found as by holding each of them against the request', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '{id}', '{x}', '{rest*}', '');
  const path = fc.array(segment, { maxLength: 4 }).map((some) => `/${some.join('/')}`);
  const route = fc.tuple(fc.constantFrom('', 'GET ', 'PUT '), path).map((parts) => parts.join(''));
  const asked = fc.tuple(path, fc.constantFrom('', '?', '?a=/b', '/?')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.uniqueArray(route, { maxLength: 12 }),
      fc.constantFrom('GET', 'PUT', 'get', ''),
      asked,
      (names, method, path) => {
        assert.equal(match(names, method, path), simply(names, method, path));
      },
    ),
    { numRuns: 2_000 },
  );
});
