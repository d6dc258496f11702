// A call that leads to a call that leads to a call: all belong to one trace, and none outlives what the first one has.
import { createMesh, type Mesh, MeshError } from 'inmesh';
import { type Served, serve } from './support/serve.ts';

const traces = new Set<string>();
const budgets: number[] = [];

/** A server that does its work inside `mesh.within`, so that its own calls inherit the trace and the deadline. */
const hop = (name: string, mesh: Mesh, work: () => Promise<string>): Promise<Served> =>
  serve((request, response) => {
    const { traceparent, 'x-envoy-expected-rq-timeout-ms': left } = request.headers;
    traces.add(String(traceparent).split('-')[1]!);
    budgets.push(Number(left));
    mesh.within(request.headers, work).then(
      (text) => response.end(`${name} › ${text}`),
      (error: unknown) => {
        response.statusCode = MeshError.is(error) ? error.status : 500;
        response.end(`${name}: ${error instanceof Error ? error.message : error}`);
      },
    );
  });

const ask = async (mesh: Mesh, url: string, timeout?: string): Promise<string> => {
  const answer = await mesh.request(url, { timeout });
  return answer.body.text();
};
const meshFor = (service: string, fixed: Record<string, string[]>) => createMesh({ service, registry: { fixed } });

let pause = 20;
const stockMesh = await meshFor('stock', {});
const stock = await hop('stock', stockMesh, async () => {
  await new Promise((resolve) => setTimeout(resolve, pause));
  return 'three in store';
});
const ordersMesh = await meshFor('orders', { stock: [stock.url] });
const orders = await hop('orders', ordersMesh, () => ask(ordersMesh, 'http://stock/stock/7'));
const checkout = await meshFor('checkout', { orders: [orders.url] });

console.log(await ask(checkout, 'http://orders/orders/42', '5s'));
console.log(`traces: ${traces.size}`);
console.log(`time left at each hop falls: ${budgets[0]! <= 5_000 && budgets[1]! <= budgets[0]!}`);

pause = 60_000; // now the last one is stuck: both hops before it give up when the first one's time is over
const late = await ask(checkout, 'http://orders/orders/42', '200ms').catch(
  (error: unknown) => (error as Error).message,
);
console.log(late);

for (const open of [checkout, ordersMesh, stockMesh]) await open.close();
process.exit(); // the stuck one would keep us
