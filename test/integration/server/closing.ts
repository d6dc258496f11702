import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { MeshOptions } from '../../../src/mesh/options.ts';
import { closeAfter } from '../../support/close-after.ts';

export const LOCAL = { bind: '127.0.0.1', host: '127.0.0.1' } as const;
export const AN_HOUR_MS = 3_600_000; // which no test waits for
export const GET = 'GET / HTTP/1.1\r\nhost: shop\r\n\r\n';

export async function aShop(t: TestContext, options: Partial<MeshOptions> = {}): Promise<Mesh> {
  const mesh = await createMesh({ service: 'shop', registry: { fixed: {} }, ...options });
  closeAfter(t, mesh, options.env);
  return mesh;
}

/** A connection that its server has taken. */
export async function connected(t: TestContext, server: Server): Promise<Socket> {
  const taken = once(server, 'connection');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  t.after(() => socket.destroy());
  await taken;
  return socket;
}

/** Settles when a server of this mesh has been told to close. */
export const drained = (mesh: Mesh): Promise<void> =>
  new Promise((resolve) => {
    mesh.on((event) => {
      if (event.type === 'leaving' && event.step === 'drained') setImmediate(resolve); // the server has been told
    });
  });
