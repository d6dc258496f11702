import { MeshError } from '../core/errors.ts';
import type { AccessLogOptions } from './access-log.ts';
import type { Logger } from './logger.ts';

/** What a mesh tells of itself, besides events and channels. */
export interface TelemetryOptions {
  /** A line for each call and each request that comes in: true or `'envoy'` as Envoy writes it, `'json'`, or more. None unless told otherwise. */
  readonly accessLog?: boolean | 'envoy' | 'json' | AccessLogOptions | undefined;
  /**
   * Whether calls are recorded as OpenTelemetry spans, which needs `@opentelemetry/api`. Unless told otherwise, they are
   * once an SDK has been started; one that comes after the mesh is seen with the next call, or within 64 of them.
   */
  readonly traces?: boolean | undefined;
  /**
   * Whether calls and requests are measured with OpenTelemetry, which needs `@opentelemetry/api`. Unless told otherwise,
   * they are once an SDK has been started, as with `traces`.
   */
  readonly metrics?: boolean | undefined;
  /** Whether the mesh counts by itself as well, for `mesh.metrics()`. Not unless told. */
  readonly prometheus?: boolean | undefined;
  /**
   * Whether `http.client.request.duration` and `http.server.request.duration` are measured. Unless told otherwise
   * (`'auto'`) they are where OpenTelemetry's own instrumentations do not measure them already.
   */
  readonly httpMetrics?: 'auto' | boolean | undefined;
  /** Whether calls and requests of gRPC are measured as the conventions for RPC have it, as well. Not unless told. */
  readonly rpcMetrics?: boolean | undefined;
  /** Whether the addresses of endpoints are labels of metrics; not unless told, since they come and go. */
  readonly endpointLabels?: boolean | undefined;
  /** Hears what happens, apart from each call; `pino()` and `console`-like objects will do. Nobody unless told otherwise. */
  readonly logger?: Logger | undefined;
}

const CHECKS: Readonly<Record<keyof TelemetryOptions, readonly [(value: unknown) => boolean, string]>> = {
  accessLog: [isAccessLog, "a boolean, 'envoy', 'json' or { format, to, headers, of }"],
  traces: [isBoolean, 'a boolean'],
  metrics: [isBoolean, 'a boolean'],
  prometheus: [isBoolean, 'a boolean'],
  httpMetrics: [(value) => value === 'auto' || isBoolean(value), "a boolean or 'auto'"],
  rpcMetrics: [isBoolean, 'a boolean'],
  endpointLabels: [isBoolean, 'a boolean'],
  logger: [isLogger, 'an object with debug, info, warn and error'],
};

/** @throws MeshError INVALID_ARGUMENT that says what is wrong, and what there is. */
export function checkTelemetry(options: unknown): asserts options is TelemetryOptions {
  if (typeof options !== 'object' || options === null) {
    throw bad(`telemetry must be an object, got ${options === null ? 'null' : typeof options}`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, key)) {
      throw bad(`telemetry: no such option '${key}'; there are ${Object.keys(CHECKS).join(', ')}`);
    }
    const [check, must] = CHECKS[key as keyof TelemetryOptions];
    if (value !== undefined && !check(value)) throw bad(`telemetry.${key} must be ${must}`);
  }
}

const ACCESS_LOG: Readonly<Record<keyof AccessLogOptions, (value: unknown) => boolean>> = {
  format: (value) => typeof value === 'string',
  to: (value) => has(value, 'write') && has(value, 'once'),
  of: (value) => value === 'outbound' || value === 'inbound' || value === 'both',
  headers: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};

function isAccessLog(value: unknown): boolean {
  if (typeof value === 'boolean' || value === 'envoy' || value === 'json') return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([key, one]) =>
      Object.hasOwn(ACCESS_LOG, key) && (one === undefined || ACCESS_LOG[key as keyof AccessLogOptions](one)),
  );
}

function isLogger(value: unknown): boolean {
  return ['debug', 'info', 'warn', 'error'].every((name) => has(value, name));
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

const has = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function';

const bad = (message: string): MeshError => new MeshError('request', message);
