import modules from 'node:module';
import { fileURLToPath } from 'node:url';
import { MeshError } from '../core/errors.ts';
import type { Metric } from './metric.ts';
import { metrics as table } from './metrics.ts';

type Sdk = typeof import('@opentelemetry/sdk-node');
type Resources = Sdk['resources'];

/** Who a process is to those that look at its telemetry. */
export interface StartOptions {
  /** The name of the service: `service.name`. `OTEL_SERVICE_NAME` outranks it, as all of the environment does. */
  readonly service: string;
  /** Its version: `service.version`. */
  readonly version?: string | undefined;
  /** What tells this process from others of the service: `service.instance.id`. A random UUID unless told. */
  readonly instance?: string | undefined;
  /** More about this process, by the names of OpenTelemetry's conventions for resources. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Options of `NodeSDK` itself, such as `instrumentations`, `sampler`, `metricReaders` or `spanProcessors`. */
  readonly sdk?: object | undefined;
}

/** An SDK that has been started. */
export interface Telemetry extends AsyncDisposable {
  /**
   * Sends what is left and stops. After `mesh.close()`, or the last calls are missing. Once is enough; more does no harm.
   * @throws whatever an exporter could not do, such as reach its receiver.
   */
  shutdown(): Promise<void>;
}

/**
 * Starts OpenTelemetry's Node SDK: spans and metrics go where `OTEL_EXPORTER_OTLP_ENDPOINT` and its kin say. To be
 * awaited before meshes are made, which then record with it.
 * @param options Who this process is, and what `NodeSDK` may be told.
 * @throws MeshError INVALID_ARGUMENT when `@opentelemetry/sdk-node` is missing, or an SDK has been started already.
 */
export async function startTelemetry(options: StartOptions): Promise<Telemetry> {
  if (typeof options?.service !== 'string' || options.service === '') {
    throw new MeshError('request', 'startTelemetry: service must be a name');
  }
  const { NodeSDK, resources } = await load();
  const { trace, metrics, context, propagation } = await import('@opentelemetry/api');
  const begun = registered();
  if (begun !== undefined) throw new MeshError('request', `startTelemetry: there is an SDK for ${begun} already`);
  const node = new NodeSDK({ ...resourceOf(options, resources), views: VIEWS, ...options.sdk });
  node.start();
  let over: Promise<void> | undefined;
  const shutdown = (): Promise<void> => {
    over ??= node.shutdown().finally(() => {
      for (const part of [trace, metrics, context, propagation]) part.disable(); // so that another may be started
    });
    return over;
  };
  return { shutdown, [Symbol.asyncDispose]: shutdown };
}

async function load(): Promise<{ readonly NodeSDK: Sdk['NodeSDK']; readonly resources: Resources }> {
  try {
    const { NodeSDK } = await import('@opentelemetry/sdk-node');
    return { NodeSDK, resources: besideSdk('@opentelemetry/resources') as Resources };
  } catch (cause) {
    throw new MeshError(
      'request',
      'startTelemetry needs the package @opentelemetry/sdk-node (npm install @opentelemetry/sdk-node)',
      { cause },
    );
  }
}

/** A package that the SDK stands on, the very copy of it. Since its version 0.300 the SDK no longer hands it on. */
const besideSdk = (name: string): unknown =>
  modules.createRequire(fileURLToPath(import.meta.resolve('@opentelemetry/sdk-node')))(name);

/** What somebody has started before us. The API keeps it in a global of its own. */
function registered(): string | undefined {
  const api = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')] as object | undefined;
  return ['trace', 'metrics'].find((signal) => api !== undefined && signal in api);
}

/** Who we are. The SDK lays over it what the environment says, and what its detectors find. */
function resourceOf({ service, version, instance, attributes }: StartOptions, resources: Resources) {
  const { defaultResource, detectResources, resourceFromAttributes, serviceInstanceIdDetector } = resources;
  const { processDetector, hostDetector, osDetector, envDetector } = resources;
  const resource = defaultResource()
    .merge(detectResources({ detectors: [serviceInstanceIdDetector] }))
    .merge(
      resourceFromAttributes({
        ...attributes,
        'service.name': service,
        ...(version === undefined ? {} : { 'service.version': version }),
        ...(instance === undefined ? {} : { 'service.instance.id': instance }),
      }),
    );
  // Since version 0.300 a detector of the SDK makes up an instance of its own: here are the others.
  const named = instance !== undefined && process.env.OTEL_NODE_RESOURCE_DETECTORS === undefined;
  const resourceDetectors = [processDetector, hostDetector, osDetector, envDetector];
  return named ? { resource, resourceDetectors } : { resource };
}

const EXPLICIT_BUCKETS: import('@opentelemetry/sdk-node').metrics.AggregationType.EXPLICIT_BUCKET_HISTOGRAM = 4;

/** Our histograms with the boundaries of the table: an SDK may pass over what an instrument only advises. */
const VIEWS = Object.entries(table as Readonly<Record<string, Metric>>).flatMap(([instrumentName, { boundaries }]) =>
  boundaries === undefined
    ? []
    : [{ instrumentName, aggregation: { type: EXPLICIT_BUCKETS, options: { boundaries: [...boundaries] } } }],
);
