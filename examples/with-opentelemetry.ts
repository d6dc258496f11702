// One call through three services, recorded by OpenTelemetry's SDK: spans and metrics go where `OTEL_EXPORTER_OTLP_ENDPOINT` says.
import { createMesh, type Mesh } from 'inmesh';
import { startTelemetry } from 'inmesh/otel';
import { serve } from './support/serve.ts';

const telemetry = await startTelemetry({ service: 'shop', version: '1.0.0' }); // before the meshes

const meshFor = (service: string, fixed: Record<string, string[]>): Promise<Mesh> =>
  createMesh({ service, registry: { fixed } });
const ask = async (mesh: Mesh, url: string): Promise<string> => (await mesh.request(url)).body.text();

const stockMesh = await meshFor('stock', {});
const stock = await serve(stockMesh.handler((_request, _context, response) => void response.end('three in store')));
const ordersMesh = await meshFor('orders', { stock: [stock.url] });
const orders = await serve(
  ordersMesh.handler(async (_request, _context, response) => {
    response.end(`orders › ${await ask(ordersMesh, 'http://stock/stock/7')}`);
  }),
);
const checkout = await meshFor('checkout', { orders: [orders.url] });

console.log(await ask(checkout, 'http://orders/orders/42'));

for (const open of [checkout, ordersMesh, stockMesh, orders, stock]) await open.close();
await telemetry.shutdown(); // last, so that nothing is missing
console.log('all is told');
