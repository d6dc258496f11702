// Uses a mesh in every way, closes it, and tells what is left. Then it must end by itself.
import { createMesh } from '../../../src/index.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface ClosedMeshSettings {
  readonly registry: string;
  /** A server for the fixed list. */
  readonly url: string;
  /** Whether the mesh is closed; what was never closed must not keep a process either, where it holds no place on a list. */
  readonly close: boolean;
}

const { registry, url, close } = settings<ClosedMeshSettings>();

const meshes = [await createMesh({ service: 'checkout', registry: { fixed: { orders: [url] } } })];
if (close) {
  const own = await createMesh({ service: 'orders', registry });
  await own.announce({ host: '127.0.0.1', port: Number(new URL(url).port) });
  meshes.push(await createMesh({ service: 'web', registry }), own);
}
for (const mesh of meshes) {
  await (await mesh.request('http://orders/')).body.text();
  await (await mesh.fetch('http://orders/')).text();
  await mesh.call('orders', () => 'no HTTP at all', { timeout: '5s' });
  await mesh.request('http://orders/hang', { timeout: '50ms' }).catch(() => {});
}
if (close) await Promise.all(meshes.map((mesh) => mesh.close()));

// Sockets, timers, watchers: whatever would keep this process, beside the channel to who started it.
const left = (): string[] => process.getActiveResourcesInfo().filter((kind) => !/^(Pipe|TTY)Wrap$/.test(kind));
// Node lets go of a socket a few turns after it was closed.
for (let turn = 0; turn < 10_000 && left().length > 0; turn++) await new Promise(setImmediate);
process.send!({ left: left() });
process.disconnect();
setTimeout(() => process.exit(86), 20_000).unref(); // still here: something keeps us, and no busy machine
