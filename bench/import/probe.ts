import { createRequire, enableCompileCache } from 'node:module';

// Imports what it is told, as the first thing that this process does, and says what that cost.

const [target, then, cached] = process.argv.slice(2);
if (cached !== undefined) enableCompileCache(process.env.COMPILE_CACHE);
const rss = process.memoryUsage.rss();
const heap = process.memoryUsage().heapUsed;
const cpu = process.cpuUsage();
const begun = performance.now();
if (target !== undefined) {
  const { createMesh } = await import(target);
  if (then !== undefined) {
    const mesh = await createMesh({ service: 'bench', registry: { fixed: { orders: [process.env.TARGET] } } });
    if (then === 'request') await (await mesh.request('http://orders/')).body.text();
    await mesh.close();
  }
}
const ms = performance.now() - begun;
const { user, system } = process.cpuUsage(cpu);
const MiB = 2 ** 20;
const loaded = Object.keys(createRequire(import.meta.url).cache);
process.send?.({
  ms,
  cpuMs: (user + system) / 1_000,
  rssMiB: (process.memoryUsage.rss() - rss) / MiB,
  heapMiB: (process.memoryUsage().heapUsed - heap) / MiB,
  undici: loaded.filter((file) => file.includes('/undici/')).length,
});
