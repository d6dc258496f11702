import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Controller, Get } from '@nestjs/common';
import fastify from 'fastify';
import { meshPlugin } from '../../../src/fastify.ts';
import { testEnv } from '../../../src/testing/env.ts';
import { AN_HOUR_MS, aShop, connected, drained, GET, LOCAL } from './closing.ts';
import { decorate, nestWith } from './nest-app.ts';

// The recipe of the guide: what answers need is ended when the mesh has closed, since requests are answered until then.

test('Fastify, closed behind the mesh, answers who has come just before the end, and its plugins end after', async (t) => {
  const env = testEnv(); // who has come has as long to ask as the test wants
  const shop = await aShop(t, { env });
  const app = fastify();
  await app.register(meshPlugin, { mesh: shop });
  let pool = 'open';
  app.addHook('onClose', async () => {
    pool = 'ended';
  });
  app.get('/', async () => pool);
  await app.ready();
  await shop.serve(app.server, LOCAL);
  const socket = await connected(t, app.server);
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS }).then(() => app.close());
  await env.clock.advance(0);
  await stopping;
  socket.write(GET);
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[\s\S]*open$/);
  await closed;
  assert.equal(pool, 'ended');
});

test('Nest, closed behind the mesh, keeps its modules until the last answer is given', async (t) => {
  const shop = await aShop(t);
  let pool = 'open';
  class Pool {
    onModuleDestroy(): void {
      pool = 'ended';
    }
  }
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  class Orders {
    async all(): Promise<string> {
      asked.resolve();
      await gate.promise;
      return pool;
    }
  }
  decorate(Orders, [Controller()], { all: [Get('/')] });
  const app = await nestWith(shop, [Orders], [Pool]);
  await app.init();
  const server = app.getHttpServer() as Server;
  await shop.serve(server, LOCAL);
  const socket = await connected(t, server);
  socket.write(GET);
  await asked.promise;
  const stopping = drained(shop);
  const closed = shop.close({ drainMs: 0, timeoutMs: AN_HOUR_MS }).then(() => app.close());
  await stopping;
  gate.resolve();
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[\s\S]*open$/);
  await closed;
  assert.equal(pool, 'ended');
});
