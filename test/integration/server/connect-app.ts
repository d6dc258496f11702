import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import connect from 'connect';
import type { Build } from './world.ts';

const json = (response: ServerResponse, body: object): void => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
};

/** An application of Connect: it mounts by path, knows no routes, and waits for no promise. */
export const connectApp: Build = (mesh, doings) => {
  const app = connect();
  const answering =
    (work: (request: IncomingMessage) => Promise<object>) =>
    (request: IncomingMessage, response: ServerResponse, next: (error: unknown) => void): void =>
      void work(request).then((body) => json(response, body), next);
  app.use(mesh.middleware());
  app.use('/orders', (request, response) => json(response, doings.order(request.url!.slice(1).split('?')[0]!)));
  app.use(
    '/inner',
    answering(() => doings.inner()),
  );
  app.use(
    '/wait',
    answering(() => doings.wait()),
  );
  app.use(
    '/upload',
    answering(async (request) => doings.uploaded(await text(request))),
  );
  app.use('/stream', (_, response) => void Readable.from(doings.parts()).pipe(response));
  app.use('/throw', () => doings.fail());
  return createServer(app);
};
