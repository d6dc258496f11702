import { callMetrics } from './call-metrics.ts';
import { endpointMetrics } from './endpoint-metrics.ts';
import type { Metric } from './metric.ts';
import { ownMetrics } from './own-metrics.ts';
import { standardMetrics } from './standard-metrics.ts';

/** Every metric there is: instruments, the text for Prometheus, the reference and the tests come from here. */
export const metrics = {
  ...standardMetrics,
  ...callMetrics,
  ...endpointMetrics,
  ...ownMetrics,
} as const satisfies Readonly<Record<string, Metric>>;

/** The name of a metric. */
export type MetricName = keyof typeof metrics;
