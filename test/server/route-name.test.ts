import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoute } from '../../src/policy/route.ts';
import { routeName } from '../../src/server/route-name.ts';

for (const [template, name] of [
  ['/', 'GET /'],
  ['/orders', 'GET /orders'],
  ['/orders/:id', 'GET /orders/{id}'],
  ['/orders/:id/lines/:line', 'GET /orders/{id}/lines/{line}'],
  ['/orders/:id(\\d+)', 'GET /orders/{id}'],
  ['/orders/:id?', 'GET /orders/{id}'],
  ['/orders{/:id}', 'GET /orders/{id}'],
  ['/orders/:id{[0-9]+}', 'GET /orders/{id}'],
  ['/files/*', 'GET /files/{rest*}'],
  ['/files/*path', 'GET /files/{path*}'],
  ['orders', 'GET /orders'],
] as const) {
  test(`'${template}' of a framework is '${name}'`, () => {
    assert.equal(routeName('GET', template), name);
    assert.ok(parseRoute(name).segments.length > 0);
  });
}
