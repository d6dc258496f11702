import type { Context } from './context.ts';
import type { AttemptReport, Reason } from './errors.ts';
import type { Priority } from './priority.ts';

/** One attempt of a call that was tapped: what errors tell of it, and its status. */
export interface TappedAttempt extends AttemptReport {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
}

/** What became of a call, as plain JSON. */
export interface TappedCall {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** The service called. */
  readonly service: string;
  /** The HTTP method; null where the caller did not say. */
  readonly method: string | null;
  /** Without its query, which may hold secrets. */
  readonly path: string | null;
  /** Its route, as the policy names it; null where it has none. */
  readonly route: string | null;
  /** How much it mattered when not all could be served. */
  readonly priority: Priority;
  /** Whether it did no harm to send it twice. */
  readonly idempotent: boolean;
  /** Names of all headers that the mesh saw, with the values of those that may be shown; of others it is `REDACTED`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Leads from here to traces and logs; null where its client sent no headers of ours. */
  readonly traceId: string | null;
  /** What its caller got: a good answer or a bad one, an error, or none as the caller gave up. */
  readonly outcome: 'success' | 'failure' | 'none';
  /** What was seen: `status 503`, `ECONNREFUSED`, `deadline`. */
  readonly why: string;
  /** Which mechanism ended it, where it was the mesh; null else. */
  readonly reason: Reason | null;
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Where the attempt went that it came to something by, as `host:port`; null where there was none. */
  readonly endpoint: string | null;
  /** How long it took, in milliseconds, retries and waits and all. */
  readonly ms: number;
  /** How long it might have taken; null where nothing bounded it. */
  readonly deadlineMs: number | null;
  /** Retries that the budget of the service has left now, whole ones. */
  readonly retriesLeft: number;
  /** Every attempt, first to last, the good ones as well; a hundred at most. */
  readonly attempts: readonly TappedAttempt[];
  /** How many calls that matched were dropped just before this one, as nobody took them in time. */
  readonly lost: number;
}

/** What stands for the value of a header that is not shown. */
export const REDACTED = '(not shown)';

/** Somebody who wants to hear what becomes of calls. What goes wrong in it costs no call. */
export interface Tapping {
  /** Whether calls of a service are of interest. Asked when each begins. */
  wants(service: string): boolean;
  /** Whether the value of a header may be shown, by its lower-case name. */
  shows(header: string): boolean;
  /** Retries that a service has left for calls like this one. */
  retriesLeft(context: Context): number;
  /** One is over. */
  tell(call: TappedCall): void;
}
