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
 * @throws MeshError INVALID_ARGUMENT when the format of the access log is not usable.
 */
export async function watched(env: Env, { accessLog, logger = silent }: TelemetryOptions = {}): Promise<Env> {
  env.events.connect(eventChannels);
  if (logger !== silent) env.events.connect(loggedEvents(logger));
  const watchers: Watcher[] = [tracingChannels];
  if (accessLog) {
    const module = await import('../telemetry/access-log.ts');
    watchers.push(refusing(() => module.accessLog(readAccessLog(accessLog), env.clock, logger)));
  }
  return { ...env, watch: new Watches(env, watchers) };
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
