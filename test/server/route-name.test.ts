import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Routes } from '../../src/policy/route.ts';
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
    const path = name.slice('GET '.length).replaceAll(/\{[^}]*\}/g, '7');
    assert.equal(new Routes([name]).match('GET', path), name, 'and a route that the policy can name');
  });
}
