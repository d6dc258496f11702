// Metrics of the mesh and of all else that OpenTelemetry measures, as text for Prometheus, on a port of their own.
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { createMesh } from 'inmesh';
import { startTelemetry } from 'inmesh/otel';
import { serve } from './support/serve.ts';

const exporter = new PrometheusExporter({
  host: '127.0.0.1',
  preventServerStart: true,
  withResourceConstantLabels: /^service\.name$/,
});
const telemetry = await startTelemetry({
  service: 'checkout',
  sdk: { metricReaders: [exporter], spanProcessors: [], logRecordProcessors: [] }, // metrics, and nothing else
});
const page = await serve((request, response) => exporter.getMetricsRequestHandler(request, response));

const orders = await serve((_, response) => response.end('served'));
const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [orders.url] } } });
await (await mesh.request('http://orders/orders/42')).body.dump();

const text = await (await fetch(page.url)).text();
for (const line of text.split('\n')) {
  if (/^(http_client_request_duration_count|inmesh_picks_total)/.test(line)) console.log(line);
}

for (const open of [mesh, orders, page]) await open.close();
await telemetry.shutdown();
