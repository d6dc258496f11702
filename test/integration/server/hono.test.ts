import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { meshHono } from '../../../src/hono.ts';
import { aServer } from './world.ts';

test('in Hono a route has the name of its template, for whatever methods it is, and what none takes has no name', async (t) => {
  const { url } = await aServer(t, (mesh) => {
    const app = new Hono();
    const say = (context: Context) => context.json({ route: mesh.context?.route ?? null });
    app.use(meshHono(mesh));
    app.use('/things/*', async (_, next) => next());
    app.get('/orders/:id', say);
    app.all('/things/:id', say);
    app.on('PURGE', '/things/:id/cache', say);
    app.notFound(say);
    return createServer(getRequestListener(app.fetch));
  });
  const route = async (method: string, path: string) =>
    ((await (await fetch(url + path, { method })).json()) as { route: string | null }).route;
  assert.equal(await route('GET', '/orders/7'), 'GET /orders/{id}');
  assert.equal(await route('POST', '/things/7'), 'POST /things/{id}');
  assert.equal(await route('PURGE', '/things/7/cache'), 'PURGE /things/{id}/cache');
  assert.equal(await route('GET', '/nowhere'), null);
  assert.equal(await route('GET', '/things/7/nowhere'), null);
});
