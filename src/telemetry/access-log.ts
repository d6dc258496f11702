import type { Clock } from '../core/clock.ts';
import { CallEntry, type Entry, RequestEntry } from './entry.ts';
import { compile, ENVOY_FORMAT, jsonLine } from './format.ts';
import { type LogTarget, LogWriter } from './log-writer.ts';
import type { CallRecord, RequestRecord, Watcher } from './watcher.ts';

/** What the access log looks like, and where it goes. */
export interface AccessLogOptions {
  /** `'envoy'`, as Envoy writes unless told otherwise; `'json'`; or a format of Envoy's operators. */
  readonly format?: string | undefined;
  /** Where lines go; `process.stdout` unless told otherwise. */
  readonly to?: LogTarget | undefined;
  /** Names of headers whose values may be written; of all others `-` is. */
  readonly headers?: readonly string[] | undefined;
  /** Calls that go out, requests that come in, or both, which is the default. */
  readonly of?: 'outbound' | 'inbound' | 'both' | undefined;
}

/** Writes a line for each call, and for each request that comes in; `lost` hears of those dropped. @throws TypeError when the format has an operator that there is not. */
export function accessLog(options: AccessLogOptions, clock: Clock, lost: (lines: number) => void): Watcher {
  const { format = 'envoy', to = process.stdout, headers = [], of = 'both' } = options;
  const shown = new Set(headers.map((name) => name.toLowerCase()));
  const line = format === 'json' ? jsonLine(shown) : compile(format === 'envoy' ? ENVOY_FORMAT : format, shown);
  const writer = new LogWriter(to, clock, lost);
  const write = (entry: Entry) => writer.add(line(entry));
  const call = { end: (record: CallRecord) => write(new CallEntry(record)) };
  const request = { end: (record: RequestRecord) => write(new RequestEntry(record)) };
  return {
    on: of !== 'inbound',
    watch: () => call,
    onRequests: of !== 'outbound',
    request: () => request,
    close: () => writer.close(),
  };
}
