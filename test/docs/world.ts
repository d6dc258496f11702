import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { recordOf } from '../../src/discovery/record.ts';
import { folderOf } from '../../src/local/folder.ts';
import { fileNameOf } from '../../src/local/record-files.ts';
import { encodeRecord } from '../../src/wire/record.ts';

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
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(stop));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const service of SERVICES) {
      for (let i = 0; i < INSTANCES; i++) {
        const server = createServer(answer(service)).listen(0, '127.0.0.1');
        servers.push(server);
        await once(server, 'listening');
        await list(service, (server.address() as AddressInfo).port, folder);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { env: { TMPDIR: folder }, [Symbol.asyncDispose]: close };
}

/** Puts an instance on the list for good: a beat of ours would come late on a machine that stands still. */
async function list(service: string, port: number, temporary: string): Promise<void> {
  const id = `${service}-${port}`;
  const instance = { service, id, host: '127.0.0.1', port, secure: false, weight: 1, zone: '', metadata: {} };
  const folder = join(temporary, basename(folderOf('local:')), service);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const record = { ...recordOf(instance, Date.now()), serviceType: 'STATIC' } as const;
  await writeFile(join(folder, fileNameOf(id)), encodeRecord(record));
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
