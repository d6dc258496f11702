// The first steps: a server that lists itself, and a call that finds it.
import { createServer } from 'node:http';
import { createMesh } from 'inmesh';

// One process serves. It listens on any free port, and says in the registry which.
const orders = await createMesh({ service: 'orders', registry: 'local:' });
await orders.serve(createServer(orders.handler((request) => new Response(`you asked for ${request.url}`))));

// Another one calls, and knows its name alone.
const mesh = await createMesh({ service: 'checkout', registry: 'local:' });
const answer = await mesh.call('orders', ({ url, headers, signal }) => fetch(`${url}/orders/42`, { headers, signal }));
console.log(await answer.text());

await mesh.close();
await orders.close(); // takes a second, in which others would hear of it
