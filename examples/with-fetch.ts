// fetch through the mesh: hosts are names of services. Code that takes a fetch takes this one.
import { createMesh, MeshError } from 'inmesh';
import { serve } from './support/serve.ts';

const server = await serve((request, response) => {
  response.setHeader('content-type', 'application/json');
  request
    .on('data', () => {})
    .on('end', () => response.end(JSON.stringify({ did: `${request.method} ${request.url}` })));
});
const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [server.url] } } });

/** Knows nothing of a mesh. */
async function readOrder(id: number, fetch: typeof globalThis.fetch): Promise<unknown> {
  const response = await fetch(`http://orders/orders/${id}`, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

console.log(await readOrder(42, mesh.fetch));

// A POST is not sent twice, unless it says that this does no harm.
const created = await mesh.fetch('http://orders/orders', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'idempotency-key': 'order-43' },
  body: JSON.stringify({ item: 'tea', amount: 2 }),
});
console.log(await created.json());

try {
  await mesh.fetch('http://no-such-service/');
} catch (error) {
  const { cause } = error as TypeError; // what fetch throws is a TypeError; why, stands in its cause
  if (MeshError.is(cause)) console.log(`${cause.code}, ${cause.reason}: ${cause.message}`);
}

await mesh.close();
await server.close();
