// Workers of node:cluster that serve on one port. Each stands still for a moment before its server closes.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createMesh } from '../../../src/index.ts';

const WORKERS = 5;
const STILL_MS = 300;

if (cluster.isPrimary) {
  const workers = Array.from({ length: WORKERS }, () => cluster.fork());
  const ports: number[] = [];
  for (const worker of workers) {
    worker.on('message', ({ port }: { port: number }) => {
      if (ports.push(port) === WORKERS) process.send?.({ port, workers: workers.map(({ process: { pid } }) => pid) });
    });
    worker.on('exit', (_, signal) => process.send?.({ ended: signal }));
  }
  process.on('disconnect', () => {
    for (const worker of workers) worker.process.kill('SIGKILL');
    process.exit();
  });
} else {
  const mesh = await createMesh({ service: 'orders', registry: { fixed: {} }, signals: { drainMs: 50 } });
  mesh.onClose(() => {
    for (const end = performance.now() + STILL_MS; performance.now() < end; ); // as it may where a machine is busy
  });
  const server = createServer(mesh.handler(() => new Response(String(process.pid))));
  const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  process.send?.({ port: instance.port });
}
