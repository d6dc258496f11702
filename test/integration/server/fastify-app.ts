import { Readable } from 'node:stream';
import fastify from 'fastify';
import { meshPlugin } from '../../../src/fastify.ts';
import type { Build } from './world.ts';

/** An application of Fastify 5. */
export const fastifyApp: Build = async (mesh, doings) => {
  const app = fastify();
  await app.register(meshPlugin, { mesh });
  app.get<{ Params: { id: string } }>('/orders/:id', async (request) => doings.order(request.params.id));
  app.get('/inner', () => doings.inner());
  app.get('/wait', () => doings.wait());
  app.post('/upload', async (request) => doings.uploaded(request.body as string));
  app.get('/stream', async (_, reply) => reply.send(Readable.from(doings.parts(), { objectMode: false })));
  app.get('/throw', async () => doings.fail());
  await app.ready();
  return app.server;
};
