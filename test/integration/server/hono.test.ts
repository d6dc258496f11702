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

test('in Hono a route that stands in for all others names what it answers, and not what they do', async (t) => {
  const { url } = await aServer(t, (mesh) => {
    const app = new Hono();
    const say = (context: Context) => context.json({ route: mesh.context?.route ?? null });
    app.use(meshHono(mesh));
    app.get('/cached/*', async (context, next) => (context.req.query('hit') === undefined ? next() : say(context)));
    const orders = new Hono();
    orders.use(async (_, next) => next());
    orders.get('/:id', say);
    app.route('/orders', orders);
    app.get('/cached/:id', say);
    app.get('/files/*', say);
    app.all('/things/:id', say);
    app.get('*', say); // the page of an application that runs in browsers
    return createServer(getRequestListener(app.fetch));
  });
  const route = async (path: string) => ((await (await fetch(url + path)).json()) as { route: string }).route;
  assert.equal(await route('/orders/7'), 'GET /orders/{id}');
  assert.equal(await route('/cached/7'), 'GET /cached/{id}');
  assert.equal(await route('/cached/7?hit'), 'GET /cached/{id}');
  assert.equal(await route('/files/a/b'), 'GET /files/{rest*}');
  assert.equal(await route('/things/7'), 'GET /things/{id}');
  assert.equal(await route('/elsewhere'), 'GET /{rest*}');
});
