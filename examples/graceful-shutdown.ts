// How a server ends without a failed request: off the list first, then what is under way, then the connections.
import { setTimeout as sleep } from 'node:timers/promises';
import { createMesh } from 'inmesh';
import { serve } from './support/serve.ts';

const mesh = await createMesh({ service: 'orders', registry: 'local:' });
const server = await serve(async (request, response) => {
  await sleep(300);
  response.end(`answered ${request.url}`);
});
const listing = await mesh.announce({ port: server.port });

process.once('SIGTERM', async () => {
  console.log('asked to end');
  await listing.close(); // nobody new finds us
  console.log(`the listing is ${listing.state.value}`);
  await server.close(); // what was asked is answered
  console.log('every request is answered');
  await mesh.close(); // calls of our own end, then sockets and registry
  console.log('closed; the process ends by itself');
});

// Somebody calls, and we are asked to end while they wait.
const caller = await createMesh({ service: 'checkout', registry: 'local:' });
const answer = caller.request('http://orders/orders/42').then(({ body }) => body.text());
await sleep(100);
process.kill(process.pid, 'SIGTERM');
console.log(await answer);
await caller.close();
