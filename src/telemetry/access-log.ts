import type { Clock } from '../core/clock.ts';
import { compile, ENVOY_FORMAT, jsonLine } from './format.ts';
import { type LogTarget, LogWriter } from './log-writer.ts';
import type { Logger } from './logger.ts';
import type { Watcher } from './watcher.ts';

/** What the access log looks like, and where it goes. */
export interface AccessLogOptions {
  /** `'envoy'`, as Envoy writes unless told otherwise; `'json'`; or a format of Envoy's operators. */
  readonly format?: string;
  /** Where lines go; `process.stdout` unless told otherwise. */
  readonly to?: LogTarget;
  /** Names of headers whose values may be written; of all others `-` is. */
  readonly headers?: readonly string[];
}

/** Writes a line for each call. @throws TypeError when the format has an operator that there is not. */
export function accessLog(options: AccessLogOptions, clock: Clock, logger: Logger): Watcher {
  const { format = 'envoy', to = process.stdout, headers = [] } = options;
  const shown = new Set(headers.map((name) => name.toLowerCase()));
  const line = format === 'json' ? jsonLine(shown) : compile(format === 'envoy' ? ENVOY_FORMAT : format, shown);
  const writer = new LogWriter(to, clock, (lines) =>
    logger.warn({ lines, all: writer.dropped }, 'access log: lines were dropped, since nobody took them in time'),
  );
  const call = { end: (record: Parameters<typeof line>[0]) => writer.add(line(record)) };
  return { on: true, watch: () => call, close: () => writer.close() };
}
