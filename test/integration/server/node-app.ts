import { createServer, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Build, Doings } from './world.ts';

/** No framework: a handler, and a switch. */
export const node: Build = (mesh, doings) =>
  createServer(
    mesh.handler(async (request, _, response) => {
      const { pathname } = new URL(request.url!, 'http://here');
      if (pathname === '/stream') {
        Readable.from(doings.parts()).pipe(response);
        return;
      }
      return Response.json(await answer(doings, pathname, request));
    }),
  );

async function answer(doings: Doings, path: string, request: IncomingMessage): Promise<object> {
  if (path.startsWith('/orders/')) return doings.order(path.slice('/orders/'.length));
  if (path === '/inner') return doings.inner();
  if (path === '/wait') return doings.wait();
  if (path === '/upload') return doings.uploaded(Buffer.concat(await Array.fromAsync(request)).toString());
  return doings.fail();
}
