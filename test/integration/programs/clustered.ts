// Workers of node:cluster that serve on one port. Each stands still for a moment before its server closes.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { Events } from '../../../src/core/events.ts';
import { entropy } from '../../../src/core/random.ts';
import { Timeouts } from '../../../src/core/timeouts.ts';
import { createMesh } from '../../../src/index.ts';

const WORKERS = 5;
const STILL_MS = 300;
const SLOWER = 10; // than the machine's: this may stand still for longer than who has connected gets to ask

const slow: Clock = {
  now: () => systemClock.now() / SLOWER,
  epoch: () => systemClock.epoch(),
  schedule: (delayMs, task) => systemClock.schedule(delayMs * SLOWER, task),
};

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
  const env = { clock: slow, random: entropy(), events: new Events(), timeouts: new Timeouts(slow) };
  const mesh = await createMesh({ service: 'orders', registry: { fixed: {} }, env, signals: { drainMs: 50 / SLOWER } });
  mesh.onClose(() => {
    for (const end = performance.now() + STILL_MS; performance.now() < end; ); // as it may where a machine is busy
  });
  const server = createServer(mesh.handler(() => new Response(String(process.pid))));
  const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  process.send?.({ port: instance.port });
}
