import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Router from '@koa/router';
import Koa from 'koa';
import { meshKoa } from '../../../src/koa.ts';
import type { Build } from './world.ts';

/** An application of Koa 3, with the router that everybody takes. */
export const koaApp: Build = (mesh, doings) => {
  const app = new Koa();
  app.silent = true; // Koa tells errors to stderr
  const router = new Router();
  router.get('/orders/:id', (context) => {
    context.body = doings.order(context.params.id!);
  });
  router.get('/inner', async (context) => {
    context.body = await doings.inner();
  });
  router.get('/wait', async (context) => {
    context.body = await doings.wait();
  });
  router.post('/upload', async (context) => {
    context.body = doings.uploaded(await text(context.req));
  });
  router.get('/stream', (context) => {
    context.body = Readable.from(doings.parts(), { objectMode: false });
  });
  router.get('/throw', () => doings.fail());
  app.use(meshKoa(mesh)).use(router.routes());
  return createServer(app.callback());
};
