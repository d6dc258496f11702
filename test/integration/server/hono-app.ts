import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { meshHono } from '../../../src/hono.ts';
import type { Build } from './world.ts';

/** An application of Hono 4 on Node's own server. */
export const honoApp: Build = (mesh, doings) => {
  const app = new Hono();
  app.use(meshHono(mesh));
  const orders = new Hono();
  orders.get('/:id', (context) => context.json(doings.order(context.req.param('id'))));
  app.route('/orders', orders);
  app.get('/inner', async (context) => context.json(await doings.inner()));
  app.get('/wait', async (context) => context.json(await doings.wait()));
  app.post('/upload', async (context) => context.json(doings.uploaded(await context.req.text())));
  app.get('/stream', () => new Response(ReadableStream.from(doings.parts()).pipeThrough(new TextEncoderStream())));
  app.get('/throw', () => doings.fail());
  app.onError((_, context) => context.text('it went wrong', 500)); // Hono tells errors to stderr otherwise
  return createServer(getRequestListener(app.fetch));
};
