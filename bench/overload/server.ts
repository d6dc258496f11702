import { createServer } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { createMesh } from '../../src/index.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { waitedNs } from '../kit/measure.ts';

// The instance that is asked too much: `server.ts <waits | computes> <shed as JSON>`. Tells where it is and, when asked,
// how much memory it holds and for how long it was ready to run and was not let.

const [kind, shed = '{}'] = process.argv.slice(2);
const policy = { defaults: { shed: JSON.parse(shed) as NonNullable<PolicySections['shed']> } };
const mesh = await createMesh({ service: 'orders', registry: { fixed: {} }, policy });

const BACKEND_MS = 10;
const COMPUTE_MS = 2;
let free = 8; // connections to what it waits for
const queue: (() => void)[] = [];

/** Eight at a time, ten milliseconds each; the others wait without end. */
async function wait(): Promise<void> {
  if (free === 0) await new Promise<void>((resolve) => queue.push(resolve));
  else free--;
  await after(BACKEND_MS);
  const next = queue.shift();
  if (next === undefined) free++;
  else next();
}

/** Keeps the one thread busy. */
async function compute(): Promise<void> {
  for (const end = performance.now() + COMPUTE_MS; performance.now() < end; );
}

const work = kind === 'computes' ? compute : wait;
const server = createServer(
  { keepAliveTimeout: 60_000 },
  mesh.handler(async (_request, _context, response) => {
    await work();
    response.end('done');
  }),
);
const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
process.send?.({ url: `http://127.0.0.1:${instance.port}` });
process.on('message', () => {
  globalThis.gc?.();
  const { limit } = mesh.snapshot().shed;
  process.send?.({ heap: process.memoryUsage().heapUsed, limit, waitedMs: waitedNs() / 1e6 });
});
process.on('disconnect', () => process.exit(0));
