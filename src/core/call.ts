import type { Policy } from '../policy/table.ts';
import type { Endpoint } from './endpoint.ts';
import type { Outgoing } from './kept.ts';
import type { Classify } from './outcome.ts';
import type { Priority } from './priority.ts';

/** What a filter may know of a request, and how to send it. The core knows nothing of HTTP beyond these words. */
export interface Call<Res> {
  /** Sends the request to the endpoint chosen, with whatever client the caller likes. */
  readonly send: Send<Res>;
  /** The method, where the caller said it. */
  readonly method: string | undefined;
  /** The path, where the caller said it. */
  readonly path: string | undefined;
  /** What filters have added. `send` gets these, with what `propagate` writes. */
  readonly headers: Headers;
  /** What the client is going to send, where it lets us know. */
  readonly request?: Outgoing<Res> | undefined;
  /** What the caller is content with when the call fails. */
  readonly fallback?: Fallback | undefined;
}

/** Gives what a call comes to that failed: a value, or a promise of one. When it fails too, the first error stands. */
export type Fallback<Res = unknown> = (error: unknown) => Res | PromiseLike<Res>;

/** Header fields by lower-case name. */
export type Headers = Readonly<Record<string, string>>;

/** No headers. Most calls bring none, and need no object of their own to say so. */
export const NO_HEADERS: Headers = Object.freeze({});

/** Sends one attempt. What it returns or throws is judged without knowing the client. */
export type Send<Res> = (attempt: Attempt) => Res | PromiseLike<Res>;

/** One attempt, as `send` gets it. */
export interface Attempt {
  /** Where to: scheme, host and port, such as `http://10.0.0.5:3000`. */
  readonly url: string;
  /** To be sent along: trace, deadline and what filters added. A fresh object for each attempt, made when first asked for. */
  readonly headers: Record<string, string>;
  /** Aborts when the deadline has come, the attempt's time is up, or the caller gave up. */
  readonly signal: AbortSignal;
  /** 1 is the first. */
  readonly attempt: number;
  /** All that is known of where it goes. */
  readonly endpoint: Endpoint;
  /** Milliseconds this attempt has, at most. */
  readonly timeoutMs: number;
}

/** What may be said about a call; `Res` is what its fallback may give. */
export interface CallOptions<Res = unknown> {
  /** Whether it does no harm to send the request twice. Known from `method` and an Idempotency-Key; else false. */
  readonly idempotent?: boolean | undefined;
  /** Whether the request can be sent twice at all; true unless told otherwise. A stream that was read is gone. */
  readonly replayable?: boolean | undefined;
  /** Calls the whole call off. */
  readonly signal?: AbortSignal | undefined;
  /** Another length for this call than `deadline.timeout` of the policy, from `'1ms'` to `'24h'`: `'800ms'`. */
  readonly timeout?: string | undefined;
  /** The route, as the policy names it. Found from `method` and `path` where these are given. */
  readonly route?: string | undefined;
  /** What the call is about, such as a user: `balance.picker` `ring-hash` and `maglev` keep calls of one key together. */
  readonly key?: string | undefined;
  /** How much it matters when not all can be served: that of the request being served unless told, else `default`. */
  readonly priority?: Priority | undefined;
  /** The HTTP method, for filters, routes and idempotency. */
  readonly method?: string | undefined;
  /** The path with its query, for filters and routes. */
  readonly path?: string | undefined;
  /** Headers that `send` gets beside those of the mesh, by lower-case name. */
  readonly headers?: Headers | undefined;
  /** What the client is going to send; our own transport says so by itself. For filters that look at requests. */
  readonly request?: Outgoing<unknown> | undefined;
  /** Gives what the call comes to when it fails, after all retries. An abort of the caller's own is no failure. */
  readonly fallback?: Fallback<Res> | undefined;
  /** Another strategy for this call than `strategy.mode` of the policy: `'failfast'`. */
  readonly strategy?: Policy['strategy']['mode'] | undefined;
  /**
   * Judges what `send` gave back (`{ value }`) or threw (`{ error }`). `failure` blames the endpoint: the call is tried again
   * where that is safe, and the balancer, `outlier` and `circuit` count it. `none` blames nobody, and is not tried again, as
   * a mistake of the caller's own should be. Nothing means: as usual, by status, code or that it was thrown at all.
   */
  readonly classify?: Classify | undefined;
}

/** Anything that calls services: the mesh, as its transports see it. */
export interface Caller {
  /** Calls a service; see `Mesh`. */
  call<Res>(service: string, send: Send<Res>, options?: CallOptions): Promise<Res>;
}
