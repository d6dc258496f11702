import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import type express from 'express';
import type { Build } from './world.ts';

/** An application of Express; 4 and 5 are written alike, but for what becomes of a promise that is rejected. */
export const expressApp =
  (framework: typeof express): Build =>
  (mesh, doings) => {
    const app = framework();
    const orders = framework.Router();
    app.use(mesh.middleware());
    app.use(framework.text());
    orders.get('/:id', (request, response) => void response.json(doings.order(request.params.id)));
    app.use('/orders', orders);
    app.get('/inner', (_, response, next) => doings.inner().then((body) => void response.json(body), next));
    app.get('/wait', (_, response, next) => doings.wait().then((body) => void response.json(body), next));
    app.post('/upload', (request, response) => void response.json(doings.uploaded(request.body as string)));
    app.get('/stream', (_, response) => void Readable.from(doings.parts()).pipe(response));
    app.get('/throw', () => doings.fail());
    app.set('env', 'test'); // Express tells errors to nobody then
    return createServer(app);
  };
