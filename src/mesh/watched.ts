import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { AccessLogOptions } from '../telemetry/access-log.ts';
import { eventChannels, tracingChannels } from '../telemetry/channels.ts';
import { loggedEvents, silent } from '../telemetry/logger.ts';
import type { TelemetryOptions } from '../telemetry/options.ts';
import { Watches } from '../telemetry/watch.ts';
import type { Watcher } from '../telemetry/watcher.ts';

/**
 * The world with somebody to look at calls: those who subscribe to our channels, and whom the options name. What nobody
 * asked for is not loaded.
 * @throws MeshError INVALID_ARGUMENT when the format of the access log is not usable, or OpenTelemetry's API is missing.
 */
export async function watched(
  env: Env,
  { accessLog, traces = hasSdk(), logger = silent }: TelemetryOptions = {},
): Promise<Env> {
  env.events.connect(eventChannels);
  if (logger !== silent) env.events.connect(loggedEvents(logger));
  const watchers: Watcher[] = [tracingChannels];
  if (traces) watchers.push(await openTelemetry());
  if (accessLog) {
    const module = await import('../telemetry/access-log.ts');
    watchers.push(refusing(() => module.accessLog(readAccessLog(accessLog), env.clock, logger)));
  }
  return { ...env, watch: new Watches(env, watchers) };
}

/** Whether somebody in this process has started an SDK that records spans. Its API says so in a global of its own. */
function hasSdk(): boolean {
  const api = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return typeof api === 'object' && api !== null && 'trace' in api;
}

async function openTelemetry(): Promise<Watcher> {
  try {
    return (await import('../telemetry/spans.ts')).spans();
  } catch (cause) {
    throw new MeshError('request', 'telemetry.traces needs the package @opentelemetry/api', { cause });
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
