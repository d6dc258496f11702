import { channel } from 'node:diagnostics_channel';
import {
  metrics as api,
  type Counter,
  context as contexts,
  type Histogram,
  type Meter,
  type MeterProvider,
  type Observable,
  type ObservableResult,
} from '@opentelemetry/api';
import type { Sink } from './meters.ts';
import type { Metric } from './metric.ts';
import { type MetricName, metrics } from './metrics.ts';
import { rpcMetadata } from './otel.ts';
import type { Labels, Sample } from './samples.ts';

const ALL = Object.entries(metrics) as readonly (readonly [MetricName, Metric])[];

/**
 * Measures with whatever OpenTelemetry SDK the process has. The API hands meters out as they are at that moment, so what
 * was made before the SDK came would stay deaf: instruments are made anew when the SDK is another.
 */
export class OtelMetrics implements Sink {
  readonly #http: 'auto' | boolean;
  #provider: MeterProvider | undefined;
  #instruments: Partial<Record<MetricName, Counter | Histogram>> = {};
  #look: (() => readonly Sample[]) | undefined;
  #forget: () => void = () => {};

  /** `http` says whether the metrics of the HTTP conventions are wanted; `auto`: where nobody else records them. */
  constructor(http: 'auto' | boolean) {
    this.#http = http;
  }

  get on(): boolean {
    if (api.getMeterProvider() !== this.#provider) this.#begin();
    return true;
  }

  put(name: MetricName, value: number, labels: Labels, elsewhere: boolean): void {
    if (name.startsWith('http.') && (this.#http === false || (this.#http === 'auto' && elsewhere))) return;
    const instrument = this.#instruments[name]!;
    if ('add' in instrument) instrument.add(value, labels);
    else instrument.record(value, labels);
  }

  observe(_: string, look: () => readonly Sample[]): void {
    this.#look = look;
    this.#begin();
  }

  close(): void {
    this.#forget();
    this.#look = undefined;
  }

  #begin(): void {
    this.#forget();
    this.#provider = api.getMeterProvider();
    const meter = this.#provider.getMeter('inmesh');
    this.#instruments = {};
    for (const [name, metric] of ALL) {
      if (metric.instrument !== 'observed') this.#instruments[name] = made(meter, name, metric);
    }
    if (this.#look !== undefined) this.#forget = observing(meter, this.#look);
  }
}

function made(meter: Meter, name: MetricName, { instrument, unit, about, boundaries }: Metric): Counter | Histogram {
  const options = { unit, description: about };
  if (instrument === 'counter') return meter.createCounter(name, options);
  return meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: [...boundaries!] } });
}

/** Looks once for all that is observed, whenever the SDK collects. Gives back the way to stop. */
function observing(meter: Meter, look: () => readonly Sample[]): () => void {
  const gauges = new Map<string, Observable>();
  for (const [name, { instrument, unit, about }] of ALL) {
    if (instrument === 'observed') gauges.set(name, meter.createObservableGauge(name, { unit, description: about }));
  }
  const tell = (result: { observe: (gauge: Observable, ...rest: Parameters<ObservableResult['observe']>) => void }) => {
    for (const [name, value, labels] of look()) result.observe(gauges.get(name)!, value, labels);
  };
  const all = [...gauges.values()];
  meter.addBatchObservableCallback(tell, all);
  return () => meter.removeBatchObservableCallback(tell, all);
}

/** Whether OpenTelemetry's own instrumentation records calls, or the request being served now. */
export function recordedElsewhere(side: 'client' | 'server'): boolean {
  if (side === 'server') return rpcMetadata(contexts.active()) !== undefined;
  return undici.hasSubscribers || isPatched(process.getBuiltinModule('node:http').request);
}

const undici = channel('undici:request:create');

const isPatched = (request: unknown): boolean => (request as { readonly __wrapped?: boolean }).__wrapped === true;
