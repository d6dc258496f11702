import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Incoming } from '../core/incoming.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Standing } from '../core/standing.ts';
import type { Decision } from '../core/watch.ts';

/** One of those who look at calls: tracing channels, spans, the access log. */
export interface Watcher {
  /** Whether it wants to know of a call that begins now. */
  readonly on: boolean;
  /** A call begins; nothing where this one is of no interest. */
  watch(record: CallRecord): CallWatcher | undefined;
  /** Whether it wants to know of a request that comes in now; not unless it says so. */
  readonly onRequests?: boolean;
  /** A request comes in; nothing where this one is of no interest. */
  request?(record: RequestRecord): RequestWatcher | undefined;
  /** A rule of `authorize` decided; not for those who do not count that. */
  decided?(decision: Decision): void;
  /** Hears who we are, and may ask `look` how things stand, whenever it wants to know. */
  observe?(service: string, look: () => Standing): void;
  /** Writes down what it still holds. */
  close?(): Promise<void>;
}

/** Looks at one call. */
export interface CallWatcher {
  /** Runs the call in a context of its own. */
  run?<T>(work: () => T): T;
  /** Something happened to it. */
  hear?(event: MeshEvent): void;
  /** An attempt of it begins; nothing where that is of no interest. */
  attempt?(record: AttemptRecord): AttemptWatcher | undefined;
  /** It is over; the record says how. */
  end(record: CallRecord): void;
}

/** Looks at one attempt. */
export interface AttemptWatcher {
  /** Runs the attempt in a context of its own. */
  run?<T>(work: () => T): T;
  /** It is over; the record says how. */
  end(record: AttemptRecord): void;
}

/** Looks at one request that came in. */
export interface RequestWatcher {
  /** Runs what serves it in a context of its own. */
  run?<T>(work: () => T): T;
  /** Something happened to it. */
  hear?(event: MeshEvent): void;
  /** It is answered, or will never be; the record says how. */
  end(record: RequestRecord): void;
}

/** What is noted of a call that somebody watches: at its start what it is, at its end how it went. */
export class CallRecord {
  readonly call: Call<unknown>;
  readonly context: Context;
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** What is known of where the service lives. */
  readonly resolution: () => Resolution;
  /** Who watches it. */
  watchers: readonly CallWatcher[] = [];
  /** The attempt that began last. */
  last: AttemptRecord | undefined = undefined;
  /** What the caller got; once it is over, as is all that follows. */
  settled: { readonly value: unknown } | { readonly error: unknown } | undefined = undefined;
  outcome: Outcome = UNKNOWN;
  ms = 0;

  constructor(call: Call<unknown>, context: Context, at: number, resolution: () => Resolution) {
    this.call = call;
    this.context = context;
    this.at = at;
    this.resolution = resolution;
  }
}

/** What is noted of an attempt: where it goes, and how it went once it is over. */
export interface AttemptRecord {
  readonly call: Call<unknown>;
  readonly context: Context;
  readonly endpoint: Endpoint;
  outcome: Outcome | undefined;
  ms: number;
}

/** What is noted of a request that came in: at its start what it is, at its end how it went. */
export class RequestRecord {
  readonly incoming: Incoming;
  readonly context: Context;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
  /** What is its route: often known only once it has been served. */
  readonly route: () => string | undefined;
  /** Who watches it. */
  watchers: readonly RequestWatcher[] = [];
  /** Why it was not let in; nothing where it was. So all that follows: known once it is over. */
  refusal: MeshError | undefined = undefined;
  /** What was answered; 0 where no answer began. */
  status = 0;
  /** Whether the answer left whole: who called may have hung up. */
  whole = true;
  ms = 0;

  constructor(incoming: Incoming, context: Context, at: number, route: () => string | undefined) {
    this.incoming = incoming;
    this.context = context;
    this.at = at;
    this.route = route;
  }
}

const UNKNOWN: Outcome = Object.freeze({ is: 'none', why: '', sent: 'maybe', status: 0, retryAfter: undefined });
