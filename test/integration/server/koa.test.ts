import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import Koa, { type Context } from 'koa';
import { meshKoa } from '../../../src/koa.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { parseOrca } from '../../../src/wire/orca.ts';
import { aServer } from './world.ts';

// What is Koa's own: it answers when all who handle a request are done, unless one of them does so by hand.

/** An application of Koa with one handler behind the mesh. */
const handling = (handler: (context: Context) => unknown) => (mesh: Parameters<typeof meshKoa>[0]) => {
  const app = new Koa();
  app.silent = true;
  app.use(meshKoa(mesh)).use(handler);
  return createServer(app.callback());
};

test('a request that is answered by hand is over when its answer has left, and its deadline holds until then', async (t) => {
  const [given, aborted] = [Promise.withResolvers<ServerResponse>(), Promise.withResolvers<unknown>()];
  const { url, mesh } = await aServer(
    t,
    (mesh) =>
      handling((context) => {
        context.respond = false;
        const { signal } = mesh.context!;
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        context.res.write('begun, ');
        given.resolve(context.res);
      })(mesh),
    { policy: { defaults: { shed: { mode: 'enforce' } } } },
  );
  const answer = await fetch(url, { headers: { 'grpc-timeout': '50m' } });
  const response = await given.promise;
  await new Promise(setImmediate);
  assert.equal(mesh.snapshot().shed.serving, 1);
  assert.match(String(await aborted.promise), /DEADLINE_EXCEEDED/);
  response.end('and done');
  assert.equal(await text(answer.body!), 'begun, and done');
  while (mesh.snapshot().shed.serving > 0) await new Promise(setImmediate);
});

test('an answer that says it failed counts as failed in the load that is told, though nothing was thrown', async (t) => {
  const env = testEnv();
  const { url } = await aServer(
    t,
    handling((context) => {
      context.status = 503;
    }),
    { env, policy: { defaults: { report: { load: 'orca' } } } },
  );
  const load = async () => parseOrca((await fetch(url)).headers.get('endpoint-load-metrics') ?? undefined)!;
  assert.equal((await load()).eps, 0);
  await load();
  await env.clock.advance(1_000);
  assert.deepEqual([(await load()).rps, (await load()).eps], [3, 2]);
});

test('a path that was changed before the mesh, as where an application is mounted, is guarded as it was asked for', async (t) => {
  const routes = { '/shop/orders/{id}': { authorize: { mode: 'enforce', otherwise: 'deny' } } } as const;
  const { url } = await aServer(
    t,
    (mesh) => {
      const app = new Koa();
      app.silent = true;
      app.use((context, next) => {
        context.path = context.path.replace('/shop', ''); // as koa-mount does it
        return next();
      });
      app.use(meshKoa(mesh)).use((context) => {
        context.body = context.path;
      });
      return createServer(app.callback());
    },
    { policy: { services: { shop: { routes } } } },
  );
  assert.equal((await fetch(`${url}/shop/orders/7`)).status, 403);
  assert.equal(await (await fetch(`${url}/shop/other`)).text(), '/other');
});
