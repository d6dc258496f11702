import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMesh } from '../../src/mesh/create.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';

/** The services that the README and the guides call, each with two instances. */
const SERVICES = ['orders', 'payments', 'stock'];
const INSTANCES = 2;

/** Real servers on this machine, listed in a `local:` registry that nobody else sees. */
export interface World extends AsyncDisposable {
  /** What the environment of a program must say, so that its `local:` is ours. */
  readonly env: Readonly<Record<string, string>>;
}

export async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-world-'));
  const [usual, opened] = [process.env.TMPDIR, [] as (() => Promise<unknown>)[]];
  const close = async (): Promise<void> => {
    for (const end of opened.reverse()) await end();
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
    await rm(folder, { recursive: true, force: true });
  };
  process.env.TMPDIR = folder;
  try {
    for (const service of SERVICES) {
      const mesh = await createMesh({ service, registry: 'local:' });
      opened.push(() => mesh.close());
      for (let i = 0; i < INSTANCES; i++) opened.push(await serve(service, mesh));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { env: { TMPDIR: folder }, [Symbol.asyncDispose]: close };
}

async function serve(service: string, mesh: Mesh): Promise<() => Promise<unknown>> {
  const server = createServer(answer(service));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await mesh.announce({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  return () => stop(server);
}

/** Says what was asked, as JSON: `GET /orders/42` is the order 42. */
const answer =
  (service: string): RequestListener =>
  (request, response) => {
    request.resume().on('end', () => {
      const { method, url = '/' } = request;
      const body = JSON.stringify({
        service,
        method,
        path: url,
        id: Number(url.split('/').at(-1)) || 0,
        state: 'paid',
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  };

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
