import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import fastify from 'fastify';
import { meshPlugin } from '../../../src/fastify.ts';
import { aServer } from './world.ts';

const outside = AsyncLocalStorage.snapshot();

test('a parser of bodies that answers from elsewhere does not lose the request', async (t) => {
  const { url } = await aServer(t, async (mesh, doings) => {
    const app = fastify();
    await app.register(meshPlugin, { mesh });
    app.addContentTypeParser('text/odd', (_request, payload, done) => {
      payload.resume().once('end', () => outside(done, null, 'odd'));
    });
    app.post('/upload', async (request) => doings.uploaded(request.body as string));
    await app.ready();
    return app.server;
  });
  const headers = {
    'content-type': 'text/odd',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const said = (await (await fetch(`${url}/upload`, { method: 'POST', headers, body: 'x' })).json()) as object;
  assert.deepEqual(said, {
    length: 3,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentId: 'b7ad6b7169203331',
    hurried: false,
  });
});

test('it stands before the routes of plugins that come later, and of those inside of others', async (t) => {
  const { url } = await aServer(t, async (mesh, doings) => {
    const app = fastify();
    await app.register(meshPlugin, { mesh });
    await app.register(
      async (inner) => {
        inner.get<{ Params: { id: string } }>('/:id', async (request) => doings.order(request.params.id));
      },
      { prefix: '/orders' },
    );
    await app.ready();
    return app.server;
  });
  const order = (await (await fetch(`${url}/orders/7`)).json()) as Record<string, string>;
  assert.equal(order.route, 'GET /orders/{id}');
  assert.match(order.traceId!, /^[0-9a-f]{32}$/);
});

test('a path that Fastify rewrites is guarded as it was asked for', async (t) => {
  const routes = { '/shop/orders/{id}': { authorize: { mode: 'enforce', otherwise: 'deny' } } } as const;
  const { url } = await aServer(
    t,
    async (mesh) => {
      const app = fastify({ rewriteUrl: ({ url = '/' }) => url.replace('/shop', '') });
      await app.register(meshPlugin, { mesh });
      app.get('/orders/:id', async () => 'never');
      app.get('/other', async ({ url }) => url);
      await app.ready();
      return app.server;
    },
    { policy: { services: { shop: { routes } } } },
  );
  assert.equal((await fetch(`${url}/shop/orders/7`)).status, 403);
  assert.equal(await (await fetch(`${url}/shop/other`)).text(), '/other');
});
