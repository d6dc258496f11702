import type { Metric } from '../../src/telemetry/metric.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { nameOf } from '../../src/telemetry/prometheus.ts';
import { code, grid, made } from './page.ts';

const KINDS: Readonly<Record<Metric['instrument'], string>> = {
  counter: 'counter',
  histogram: 'histogram',
  observed: 'gauge',
};

/** The reference of every metric. */
export function metricsPage(): string {
  const all = Object.entries(metrics) as [string, Metric][];
  const bounds = [...new Set(all.flatMap(([, { boundaries }]) => (boundaries ? [boundaries.join(', ')] : [])))];
  return [
    made('src/telemetry/metrics.ts and what stands in it'),
    '# Metrics',
    'What the mesh measures with OpenTelemetry, and by itself for `mesh.metrics()`, which writes the second name. A label that has nothing to say is left out.',
    grid(
      ['metric', 'for Prometheus', 'kind', 'unit', 'attributes', 'meaning'],
      all.map(([name, metric]) => [
        code(name),
        code(nameOf(name, metric)),
        KINDS[metric.instrument],
        code(metric.unit),
        metric.attributes.map(code).join(', '),
        metric.about,
      ]),
    ),
    `Histograms have the boundaries that OpenTelemetry advises for HTTP: ${bounds.join('; ')} seconds.`,
    '`inmesh.endpoint`, and the real address in `server.address`, are written only with `telemetry: { endpointLabels: true }`. Services that the registry does not know are `other`, and so is what comes after 500 services, 500 routes, 500 rules, 100 kinds of error. A metric has 2,000 series at most; what is beyond has the one label `otel.metric.overflow`.',
    '',
  ].join('\n\n');
}
