import type { Sink } from './meters.ts';
import type { Metric } from './metric.ts';
import { type MetricName, metrics } from './metrics.ts';
import type { Labels, Sample } from './samples.ts';

const MOST = 2_000; // series of one metric, as OpenTelemetry has it; all further ones are one
const OVERFLOW: Labels = { 'otel.metric.overflow': 'true' };

/** What was counted under one set of labels. */
interface Series {
  readonly labels: Labels;
  value: number;
  /** How many fell into each bucket, the last being all that no boundary holds; only for histograms. */
  readonly buckets: number[] | undefined;
}

/** Counts by itself, for who has no SDK, and writes it down as Prometheus reads it. */
export class PrometheusText implements Sink {
  readonly on = true;
  readonly #http: boolean;
  readonly #families = new Map((Object.keys(metrics) as MetricName[]).map((name) => [name, new Map<string, Series>()]));
  #service = '';
  #look: () => readonly Sample[] = () => [];

  /** `http` says whether the metrics of the HTTP conventions are wanted. */
  constructor(http: boolean) {
    this.#http = http;
  }

  put(name: MetricName, value: number, labels: Labels): void {
    if (!this.#http && name.startsWith('http.')) return;
    const { instrument, boundaries }: Metric = metrics[name];
    const series = this.#series(name, labels, boundaries);
    series.value += value;
    if (instrument !== 'histogram') return;
    const at = boundaries!.findIndex((boundary) => value <= boundary);
    series.buckets![at < 0 ? boundaries!.length : at]!++;
  }

  observe(service: string, look: () => readonly Sample[]): void {
    this.#service = service;
    this.#look = look;
  }

  /** How many series there are. */
  get size(): number {
    return [...this.#families.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Everything, in the text format 0.0.4. */
  toString(): string {
    const lines = [
      '# HELP target_info Who this is.',
      '# TYPE target_info gauge',
      sample('target_info', { 'service.name': this.#service }, 1),
    ];
    const seen = Map.groupBy(this.#look(), ([name]) => name);
    for (const [name, metric] of Object.entries(metrics) as [MetricName, Metric][]) {
      const family = [...this.#families.get(name)!.values()];
      const looked = (seen.get(name) ?? []).map(([, value, labels]) => ({ labels, value, buckets: undefined }));
      if (family.length + looked.length > 0) lines.push(...written(name, metric, [...family, ...looked]));
    }
    return `${lines.join('\n')}\n`;
  }

  #series(name: MetricName, labels: Labels, boundaries: readonly number[] | undefined): Series {
    const family = this.#families.get(name)!;
    const key = keyOf(labels);
    const known = family.get(key);
    if (known !== undefined) return known;
    if (family.size >= MOST - 1 && labels !== OVERFLOW) return this.#series(name, OVERFLOW, boundaries);
    const made = { labels, value: 0, buckets: boundaries && Array(boundaries.length + 1).fill(0) };
    family.set(key, made);
    return made;
  }
}

function keyOf(labels: Labels): string {
  let key = '';
  for (const name in labels) key += `${name}\u0000${labels[name]}\u0000`;
  return key;
}

/** The name of a metric as OpenTelemetry's rules write it for Prometheus: unit and kind stand at its end. */
export function nameOf(name: string, { unit, instrument }: Metric): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9_:]/g, '_');
  return `${plain}${unit === 's' ? '_seconds' : ''}${instrument === 'counter' ? '_total' : ''}`;
}

const TYPES: Readonly<Record<Metric['instrument'], string>> = {
  counter: 'counter',
  histogram: 'histogram',
  observed: 'gauge',
};

function written(name: string, metric: Metric, family: readonly Series[]): string[] {
  const full = nameOf(name, metric);
  return [
    `# HELP ${full} ${metric.about.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${full} ${TYPES[metric.instrument]}`,
    ...family.flatMap((series) => linesOf(full, metric, series)),
  ];
}

function linesOf(name: string, { boundaries }: Metric, { labels, value, buckets }: Series): string[] {
  if (buckets === undefined) return [sample(name, labels, value)];
  let count = 0;
  const upTo = buckets.map((n, at) => {
    count += n;
    return sample(`${name}_bucket`, { ...labels, le: at < boundaries!.length ? `${boundaries![at]}` : '+Inf' }, count);
  });
  return [...upTo, sample(`${name}_sum`, labels, value), sample(`${name}_count`, labels, count)];
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(
    ([key, of]) => `${key.replaceAll(/[^a-zA-Z0-9_]/g, '_')}="${escaped(String(of))}"`,
  );
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
