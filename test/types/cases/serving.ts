import { createServer } from 'node:http';
import { createSecureServer as createSecureServer2, createServer as createServer2 } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { Mesh } from 'inmesh';

/** A handler is taken by every server that `mesh.serve` takes. */
export async function serve(mesh: Mesh): Promise<void> {
  const listener = mesh.handler(() => new Response('sold'));
  await mesh.serve(createServer(listener));
  await mesh.serve(createSecureServer({}, listener));
  await mesh.serve(createServer2(listener));
  await mesh.serve(createSecureServer2({ allowHTTP1: true }, listener));
}
