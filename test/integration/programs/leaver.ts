// A server that leaves in good order when its process is asked to end, and says how that goes.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMesh, type MeshEvent } from '../../../src/index.ts';
import { FakeRegistry } from '../../../src/testing.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface LeaverSettings {
  /** One in memory unless told: of a disk that is slow others would not hear in time that it leaves. */
  readonly registry?: string;
  /** 0 takes any. */
  readonly port?: number;
  readonly answerMs?: number;
  /** Whether what is done on closing never ends. */
  readonly stuck?: boolean;
  /** Whether it listens to the signal itself, and then ends with this code. */
  readonly ownExit?: number;
  /** How it listens then; `on` unless told. */
  readonly ownListens?: 'on' | 'once';
  /** Whether it has a second mesh, listed as `stock`. */
  readonly twice?: boolean;
}

/** One step of leaving, as it says it. */
export interface Step {
  readonly step: string;
  readonly service: string;
  readonly problem: string;
  readonly ms: number;
}

const { registry, port = 0, answerMs = 5, stuck = false, twice = false, ...own } = settings<LeaverSettings>();
const { ownExit, ownListens = 'on' } = own;
const server = createServer((request, response) => {
  request.resume();
  setTimeout(() => response.end(String(process.pid)), answerMs);
});

const told = (event: MeshEvent): void => {
  if (event.type === 'leaving') process.send?.(event);
};
if (ownExit !== undefined) {
  process[ownListens]('SIGTERM', async () => {
    await mesh.close();
    setImmediate(() => process.exit(ownExit)); // it has more to do than the mesh
  });
}
const memory = new FakeRegistry();
const signals = stuck ? { drainMs: 0, timeoutMs: 60_000 } : true;
const options = () => ({ registry: registry ?? memory.client(), signals });
const mesh = await createMesh({ service: 'orders', ...options() });
mesh.on(told);
mesh.onClose(stuck ? () => new Promise(() => {}) : () => new Promise((resolve) => server.close(resolve)));

server.listen(port, '127.0.0.1', async () => {
  const bound = (server.address() as AddressInfo).port;
  const place = { host: '127.0.0.1', port: bound };
  await mesh.announce(place);
  if (twice) {
    const other = await createMesh({ service: 'stock', ...options() });
    other.on(told);
    await other.announce(place);
  }
  process.send?.({ address: `127.0.0.1:${bound}` });
});
process.on('disconnect', () => process.exit());
