import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Watch } from '../core/watch.ts';
import type { AccessLogOptions } from '../telemetry/access-log.ts';
import { eventChannels, tracingChannels } from '../telemetry/channels.ts';
import { hasSdk, type Signal, watchForSdk } from '../telemetry/late-sdk.ts';
import { loggedEvents, silent } from '../telemetry/logger.ts';
import type { TelemetryOptions } from '../telemetry/options.ts';
import { Watches } from '../telemetry/watch.ts';
import type { Watcher } from '../telemetry/watcher.ts';

/**
 * The world with somebody to look at calls: those who subscribe to our channels, and whom the options name. What nobody
 * asked for is not loaded.
 * @throws MeshError INVALID_ARGUMENT when the format of the access log is not usable, or OpenTelemetry's API is missing.
 */
export async function watched(env: Env, service: string, options: TelemetryOptions = {}): Promise<Env> {
  const { accessLog, traces = hasSdk('trace'), logger = silent } = options;
  env.events.connect(eventChannels);
  if (logger !== silent) env.events.connect(loggedEvents(logger));
  const watchers: Watcher[] = [tracingChannels];
  if (traces) watchers.push(await recording(env));
  if (accessLog) {
    const module = await import('../telemetry/access-log.ts');
    const { clock, events } = env;
    const lost = (dropped: number) => events.emit({ at: clock.epoch(), service, type: 'access-log', dropped });
    watchers.push(refusing(() => module.accessLog(readAccessLog(accessLog), clock, lost)));
  }
  const measuring = await measured(env, options);
  if (measuring !== undefined) watchers.push(measuring.meters);
  const watch = new Watches(env, watchers, measuring?.text);
  const late = new Map<Signal, () => Promise<Watcher>>();
  if (options.traces === undefined && !traces) late.set('trace', () => recording(env));
  if (options.metrics === undefined && !hasSdk('metrics'))
    late.set('metrics', async () => (await measured(env, { ...options, metrics: true, prometheus: false }))!.meters);
  if (late.size > 0) watchForSdk(watch, late, logger);
  return { ...env, watch };
}

/** Who makes spans, and hears what is told in them. */
async function recording(env: Env): Promise<Watcher> {
  const { spans } = await openTelemetry('traces', () => import('../telemetry/spans.ts'));
  const { toldInSpans } = await import('../telemetry/span-events.ts');
  return spans(() => env.events.connect(toldInSpans));
}

/** Who measures, and what gives it as text where that is asked for; nothing where nobody wants to know. */
async function measured(env: Env, options: TelemetryOptions) {
  const { metrics = hasSdk('metrics'), prometheus, httpMetrics = 'auto', endpointLabels = false } = options;
  const { rpcMetrics: rpc = false } = options;
  if (!metrics && !prometheus) return undefined;
  const otel = metrics ? await openTelemetry('metrics', () => import('../telemetry/otel-metrics.ts')) : undefined;
  const { Meters } = await import('../telemetry/meters.ts');
  const { PrometheusText } = await import('../telemetry/prometheus.ts');
  const book = prometheus ? new PrometheusText(httpMetrics !== false) : undefined;
  const sinks = [...(otel ? [new otel.OtelMetrics(httpMetrics)] : []), ...(book ? [book] : [])];
  const elsewhere = otel?.recordedElsewhere ?? (() => false);
  const meters = new Meters(sinks, { endpointLabels, rpc, elsewhere });
  env.events.connect(meters);
  return { meters, text: () => book?.toString() };
}

async function openTelemetry<T>(option: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new MeshError(
      'request',
      `telemetry.${option} needs the package @opentelemetry/api (npm install @opentelemetry/api)`,
      { cause },
    );
  }
}

const readAccessLog = (option: true | string | AccessLogOptions): AccessLogOptions =>
  option === true ? {} : typeof option === 'string' ? { format: option } : option;

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new MeshError('request', `telemetry.accessLog: ${(error as Error).message}`);
  }
}

/** What was counted, as text. @throws MeshError INVALID_ARGUMENT where nobody was asked to count. */
export function countedBy(watch: Watch | undefined): string {
  const text = watch?.text();
  if (text === undefined)
    throw new MeshError('request', 'metrics needs createMesh({ telemetry: { prometheus: true } })');
  return text;
}
