import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import express from 'express';
import express4 from 'express4';
import { Routes } from '../../../src/policy/route.ts';
import { routeOf } from '../../../src/server/route-name.ts';
import { aServer } from './world.ts';

// Routes of Express have the names of their templates, wherever their routers are mounted and whatever becomes of them.

type App = ReturnType<typeof express>;

/** Asks for paths, and gives the name that the route of each had in the end. */
async function named(t: TestContext, routes: (app: App) => void, paths: readonly string[], framework = express) {
  const names: (string | undefined)[] = [];
  const { url } = await aServer(
    t,
    (mesh) => {
      const app = framework();
      app.set('env', 'test'); // Express tells errors to nobody then
      app.use(mesh.middleware());
      routes(app);
      return createServer(app);
    },
    {
      stacks: {
        inbound: (stack) =>
          stack.before('watch', {
            name: 'names',
            filter: (next) => (arrival, context) =>
              next(arrival, context).finally(() => names.push(routeOf(context.route, arrival))),
          }),
      },
    },
  );
  for (const path of paths) await (await fetch(url + path)).body?.cancel();
  return names;
}

for (const [name, framework] of [
  ['express 5', express],
  ['express 4', express4],
] as const) {
  /** A router with a route that answers and one that fails, mounted at `path`. */
  const mounted = (path: string, mergeParams: boolean) => (app: App) => {
    const router = framework.Router({ mergeParams });
    router.get('/orders/:id', (_, response) => void response.json({}));
    router.get('/broken/:id', (_request, _response, next) => next(new Error('broken')));
    app.use(path, router);
  };

  test(`${name}: a router mounted at a path with a parameter gives its routes the template, and not what was asked`, async (t) => {
    const paths = ['/users/alice/orders/7', '/users/7/orders/7', '/users/a%20b/orders/7', '/users/users/orders/1?x=/'];
    const names = await named(t, mounted('/users/:user', true), paths, framework);
    assert.deepEqual(new Set(names), new Set(['GET /users/{user}/orders/{id}']));
  });

  test(`${name}: a route that fails has the name that it has when it does not`, async (t) => {
    const paths = ['/shop/orders/7', '/shop/broken/7', '/shop/broken/8?why=/so', '/nowhere', '/shop/nowhere'];
    const names = await named(t, mounted('/shop', false), paths, framework);
    const broken = 'GET /shop/broken/{id}';
    assert.deepEqual(names, ['GET /shop/orders/{id}', broken, broken, undefined, undefined]);
    const failing = ['/users/a/orders/7', '/users/b/orders/7', '/users/c/broken/7'];
    const [first, second] = await named(t, mounted('/users/:user', true), failing, framework);
    assert.deepEqual([first, second], ['GET /users/{user}/orders/{id}', 'GET /users/{user}/orders/{id}']);
  });

  test(`${name}: strangers who choose the path make few names, also where the router does not tell`, async (t) => {
    const paths = Array.from({ length: 30 }, (_, user) => `/users/${user}/${user % 2 ? 'orders' : 'broken'}/7`);
    const names = new Set(await named(t, mounted('/users/:user', false), paths, framework));
    assert.ok(names.size <= 2 * 9, [...names].join());
    for (const route of ['orders', 'broken']) {
      const name = `GET /users/{mount}/${route}/{id}`;
      assert.ok(names.has(name), [...names].join());
      assert.equal(new Routes([name]).match('GET', `/users/7/${route}/7`), name, 'which a policy can name');
    }
    const wild = framework === express ? '/files/*deep' : '/files/*';
    const deep = Array.from({ length: 60 }, (_, depth) => `/files${'/x'.repeat(depth + 1)}/orders/7`);
    const many = new Set(await named(t, mounted(wild, false), deep, framework));
    assert.ok(many.size <= 17, `${many.size}`);
  });

  test(`${name}: a plain path is known by one spelling`, async (t) => {
    const names = await named(t, mounted('/shop', false), ['/shop/orders/7', '/SHOP/orders/7'], framework);
    assert.deepEqual(names, ['GET /shop/orders/{id}', 'GET /shop/orders/{id}']);
  });
}

test('a middleware that is mounted at a path goes by routes of the policy as they were asked for', async (t) => {
  const routes = { '/shop/orders/{id}': { authorize: { mode: 'enforce', otherwise: 'deny' } } } as const;
  const { url } = await aServer(
    t,
    (mesh) => {
      const app = express();
      app.use('/shop', mesh.middleware(), (_, response) => void response.json({}));
      return createServer(app);
    },
    { policy: { services: { shop: { routes } } } },
  );
  assert.deepEqual(
    [(await fetch(`${url}/shop/orders/7`)).status, (await fetch(`${url}/shop/other`)).status],
    [403, 200],
  );
});
