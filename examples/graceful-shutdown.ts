// How a server ends without a failed request: others hear of it first, then what was asked is answered, then all closes.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMesh } from 'inmesh';

const mesh = await createMesh({ service: 'orders', registry: 'local:' });
const asked = Promise.withResolvers<void>();
const server = createServer(
  mesh.handler(async (request) => {
    asked.resolve();
    await sleep(500);
    return new Response(`answered ${request.url}`);
  }),
);
await mesh.serve(server); // ends it, too, once nobody calls us any more; calls of our own still work then

mesh.on((event) => {
  if (event.type === 'leaving') console.log(event.step);
});
// `createMesh({ signals: true })` does the same, and ends the process by the signal.
process.once('SIGTERM', async () => {
  console.log('asked to end');
  await mesh.close({ drainMs: 200, timeoutMs: 5_000 });
  console.log('the process ends by itself');
});

// Somebody calls, and we are asked to end while they wait.
const caller = await createMesh({ service: 'checkout', registry: 'local:' });
const answer = caller.request('http://orders/orders/42').then(({ body }) => body.text());
await asked.promise;
process.kill(process.pid, 'SIGTERM');
console.log(await answer);
await caller.close();
