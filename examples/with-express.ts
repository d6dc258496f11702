// Two servers of Express: one calls the other while it serves, within the time and the trace of its own caller.
import { createServer } from 'node:http';
import express from 'express';
import { createMesh } from 'inmesh';

const stock = await createMesh({ service: 'stock', registry: 'local:' });
const shelf = express();
shelf.use(stock.middleware()); // before all that serves
shelf.get('/items/:id', (request, response) => {
  const { route, timeLeftMs = 0 } = stock.context!;
  response.json({ id: request.params.id, route, inTime: timeLeftMs > 0 && timeLeftMs <= 5_000 });
});
await stock.serve(createServer(shelf), { health: true }); // with /livez and /readyz

const orders = await createMesh({ service: 'orders', registry: 'local:' });
const app = express();
app.use(orders.middleware());
app.get('/orders/:id', async (request, response) => {
  const { signal } = orders.context!; // aborts when nobody waits for the answer any more
  const { body } = await orders.request('http://stock/items/7', { signal });
  response.json({ id: request.params.id, item: await body.json() });
});
await orders.dependsOn('stock', { within: '5s' }); // begins when what it needs is there
await orders.serve(createServer(app));

const checkout = await createMesh({ service: 'checkout', registry: 'local:' });
const answer = await checkout.request('http://orders/orders/42', { timeout: '5s' });
console.log(await answer.body.json());

// What it needs is away. The handler does not catch it, so the answer is the status that says so.
app.set('env', 'test'); // Express would write it to stderr
await stock.close();
const late = await checkout.request('http://orders/orders/42');
console.log(late.statusCode);
await late.body.dump();

await checkout.close();
await orders.close();
