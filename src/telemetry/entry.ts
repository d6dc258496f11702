import { callHeader } from '../core/call-header.ts';
import { headerOf } from '../core/outcome.ts';
import { type Flag, flagsOf, flagsOfRequest, statusOf } from './flags.ts';
import type { CallRecord, RequestRecord } from './watcher.ts';

/** What a line of the access log can tell, of a call or of a request that came in. */
export interface Entry {
  readonly direction: 'outbound' | 'inbound';
  readonly at: number;
  readonly ms: number;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authority: string | undefined;
  readonly protocol: string | undefined;
  readonly status: number;
  readonly flags: readonly Flag[];
  readonly route: string | undefined;
  readonly traceId: string | undefined;
  /** Where the last attempt went, how often there was one, and how long it took; nothing for what came in. */
  readonly host: string | undefined;
  readonly attempts: number | undefined;
  readonly serviceMs: number | undefined;
  /** The service called; nothing for what came in. */
  readonly cluster: string | undefined;
  requestHeader(name: string): string | undefined;
  answerHeader(name: string): string | undefined;
}

/** A call, as the log tells of it. */
export class CallEntry implements Entry {
  readonly direction = 'outbound';
  readonly protocol = undefined; // any client may be sending
  readonly status: number;
  readonly flags: readonly Flag[];
  readonly #record: CallRecord;

  constructor(record: CallRecord) {
    this.#record = record;
    this.flags = flagsOf(record);
    this.status = statusOf(record, this.flags);
  }

  get at(): number {
    return this.#record.at;
  }

  get ms(): number {
    return this.#record.ms;
  }

  get method(): string | undefined {
    return this.#record.call.method;
  }

  get path(): string | undefined {
    return this.#record.call.path;
  }

  get authority(): string {
    return this.#record.context.service;
  }

  get route(): string | undefined {
    return this.#record.context.route;
  }

  get traceId(): string | undefined {
    return this.#record.context.history.trace?.traceId;
  }

  get host(): string | undefined {
    return this.#record.last?.endpoint.address;
  }

  get attempts(): number {
    return this.#record.context.history.attempts;
  }

  get serviceMs(): number | undefined {
    const { last } = this.#record;
    return last?.outcome?.sent === 'yes' ? last.ms : undefined;
  }

  get cluster(): string {
    return this.#record.context.service;
  }

  requestHeader(name: string): string | undefined {
    return callHeader(this.#record.call, name);
  }

  answerHeader(name: string): string | undefined {
    const { settled } = this.#record;
    return settled !== undefined && 'value' in settled ? headerOf(settled.value, name) : undefined;
  }
}

/** A request that came in, as the log tells of it. */
export class RequestEntry implements Entry {
  readonly direction = 'inbound';
  readonly host = undefined;
  readonly attempts = undefined;
  readonly serviceMs = undefined;
  readonly cluster = undefined;
  readonly flags: readonly Flag[];
  readonly #record: RequestRecord;

  constructor(record: RequestRecord) {
    this.#record = record;
    this.flags = flagsOfRequest(record);
  }

  get at(): number {
    return this.#record.at;
  }

  get ms(): number {
    return this.#record.ms;
  }

  get method(): string {
    return this.#record.incoming.method;
  }

  get path(): string {
    return this.#record.incoming.path;
  }

  get authority(): string | undefined {
    return this.requestHeader(':authority') ?? this.requestHeader('host');
  }

  get protocol(): string | undefined {
    const version = this.#record.incoming.wire?.protocol ?? '';
    return version === '' ? undefined : `HTTP/${version}`;
  }

  get status(): number {
    return this.#record.status;
  }

  get route(): string | undefined {
    return this.#record.route();
  }

  get traceId(): string | undefined {
    return this.#record.context.history.trace?.traceId;
  }

  requestHeader(name: string): string | undefined {
    return headerOf(this.#record.incoming, name);
  }

  answerHeader(name: string): string | undefined {
    return this.#record.incoming.wire?.header(name);
  }
}
