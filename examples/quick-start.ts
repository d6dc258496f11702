// The first steps: a server that lists itself, and a call that finds it.
import { createMesh } from 'inmesh';
import { serve } from './support/serve.ts';

const server = await serve((request, response) => response.end(`you asked for ${request.url}`));
const orders = await createMesh({ service: 'orders', registry: 'local:' });
await orders.announce({ port: server.port });

const mesh = await createMesh({ service: 'checkout', registry: 'local:' });
const answer = await mesh.call('orders', ({ url, headers, signal }) => fetch(`${url}/orders/42`, { headers, signal }));
console.log(await answer.text());

await mesh.close();
await orders.close();
await server.close();
