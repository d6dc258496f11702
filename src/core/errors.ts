import type { PassedOver } from './passed-over.ts';

/** What kind of failure it is: gRPC's name, and the HTTP status that says the same. */
export const codes = {
  INVALID_ARGUMENT: { http: 400, about: 'Something was asked for in a way that can not be understood.' },
  UNAUTHENTICATED: { http: 401, about: 'It is not known who calls.' },
  PERMISSION_DENIED: { http: 403, about: 'It is known who calls, and they may not.' },
  RESOURCE_EXHAUSTED: { http: 429, about: 'Too much was asked for.' },
  CANCELLED: { http: 499, about: 'The caller called it off.' },
  INTERNAL: { http: 500, about: 'The mesh itself is at fault.' },
  UNAVAILABLE: { http: 503, about: 'Nobody could be reached who would answer.' },
  DEADLINE_EXCEEDED: { http: 504, about: 'There was not enough time.' },
} as const;

/** What kind of failure it is, in gRPC's words. */
export type Code = keyof typeof codes;

/** Which mechanism spoke, in the word that names its slot, its policy section and its page. */
export const reasons = {
  policy: {
    code: 'INVALID_ARGUMENT',
    about: 'A policy document has an unknown field or a bad value; the path is named.',
  },
  request: { code: 'INVALID_ARGUMENT', about: 'An option, a service name or a URL is not usable.' },
  unresolved: { code: 'UNAVAILABLE', about: 'The registry has not said yet where the service lives.' },
  'no-endpoints': { code: 'UNAVAILABLE', about: 'The service has no endpoint that takes calls.' },
  connect: { code: 'UNAVAILABLE', about: 'No connection to the endpoint could be made.' },
  reset: { code: 'UNAVAILABLE', about: 'The connection ended before the answer came.' },
  quota: { code: 'RESOURCE_EXHAUSTED', about: 'More was asked for than the quota allows in its time.' },
  limit: { code: 'RESOURCE_EXHAUSTED', about: 'Too many calls to the service or endpoint are under way already.' },
  throttle: { code: 'UNAVAILABLE', about: 'The service refuses so much of late that not every call is tried.' },
  identify: { code: 'UNAUTHENTICATED', about: 'Who called could not be proven.' },
  authenticate: { code: 'UNAUTHENTICATED', about: 'No proof of who we are could be had for a call.' },
  authorize: { code: 'PERMISSION_DENIED', about: 'Who called may not do what was asked.' },
  fault: { code: 'UNAVAILABLE', about: 'The policy breaks off some calls on purpose, to see what comes of it.' },
  shed: { code: 'UNAVAILABLE', about: 'A request that came was not let in: too many are being served.' },
  fallback: {
    code: 'UNAVAILABLE',
    about: 'The answer was a failure; it is the cause. Only the fallback of a call sees this.',
  },
  circuit: {
    code: 'UNAVAILABLE',
    about: 'Too many calls to the service failed of late, so it is not called for a while.',
  },
  registry: { code: 'UNAVAILABLE', about: 'The registry could not be used for what was asked of it.' },
  closed: { code: 'UNAVAILABLE', about: 'This mesh has been closed.' },
  deadline: { code: 'DEADLINE_EXCEEDED', about: 'The time for the whole call ran out.' },
  attempt: { code: 'DEADLINE_EXCEEDED', about: 'The time for one attempt ran out.' },
  hedge: { code: 'CANCELLED', about: 'Another attempt of the same call answered first. Only its client sees this.' },
  caller: { code: 'CANCELLED', about: 'The caller gave up: the signal it gave was aborted, or it hung up.' },
  bug: { code: 'INTERNAL', about: 'This should not happen; please report it.' },
} as const satisfies Record<string, { code: Code; about: string }>;

/** Which mechanism refused. */
export type Reason = keyof typeof reasons;

/** Whether the other side may have seen the request. */
export type Sent = 'no' | 'maybe' | 'yes';

/** One attempt, as told afterwards. */
export interface AttemptReport {
  /** 1 is the first. */
  readonly attempt: number;
  /** Where it went, as `host:port`. */
  readonly endpoint: string;
  /** How it was judged; `none` is no verdict, as for what was called off. */
  readonly outcome: 'success' | 'failure' | 'none';
  /** What was seen: `status 503`, `ECONNREFUSED`, `attempt timeout`. */
  readonly why: string;
  /** Whether the endpoint may have seen the request. */
  readonly sent: Sent;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** When it began, in milliseconds since the call did. */
  readonly beganMs: number;
  /** How long the call had waited just before: for its turn, for the delay of a retry, for what a hedge waits for. */
  readonly waitedMs: number;
  /** Who was not chosen, and why; those that could have been as well are not told. */
  readonly passedOver: readonly PassedOver[];
  /** Whether it was tried again, or why not; nothing where that was no question. */
  readonly next?: NextReport;
}

/** What was decided after an attempt that failed. */
export interface NextReport {
  /**
   * `retry`: it is tried again. Else why not; `policy` where the policy does not name such a failure, `unsafe` where it may
   * have been done and nobody said that it is idempotent, `unrepeatable` where its body was a stream, which is gone, `final`
   * where the other side has tried again itself.
   */
  readonly is: 'retry' | 'policy' | 'unsafe' | 'unrepeatable' | 'final' | 'attempts' | 'deadline' | 'budget';
  /** How long it waits until then; 0 unless it is tried again. */
  readonly waitMs: number;
  /** Retries that the budget had left before this one, whole ones. */
  readonly budget: number;
}

/** What is known about a failure. Facts only: what to do about them is the policy's to say. */
export interface Facts {
  /** `no` unless told. */
  readonly sent?: Sent;
  /** The service called. */
  readonly service?: string | undefined;
  /** Where it happened, as `host:port`. */
  readonly endpoint?: string | undefined;
  /** Every attempt so far; none unless told. */
  readonly attempts?: readonly AttemptReport[];
  /** How long the other side asked us to wait. */
  readonly retryAfterMs?: number | undefined;
  /** What led to it. */
  readonly cause?: unknown;
}

const BRAND = Symbol.for('inmesh.MeshError');

/**
 * Every error that the mesh itself raises. What a caller's own client throws is never wrapped in one. Two copies of
 * this package know each other's errors by `MeshError.is`.
 */
export class MeshError extends Error {
  /** What it is, also where `instanceof` does not tell. */
  override readonly name = 'MeshError';
  /** What kind of failure it is, in gRPC's words. */
  readonly code: Code;
  /** Which mechanism spoke. */
  readonly reason: Reason;
  /** The HTTP status that says the same as `code`. */
  readonly status: number;
  /** Whether the other side may have seen the request. */
  readonly sent: Sent;
  /** The service called, where there is one. */
  readonly service: string | undefined;
  /** The endpoint concerned, as `host:port`. */
  readonly endpoint: string | undefined;
  /** Every attempt made for the call so far, first to last. */
  attempts: readonly AttemptReport[];
  /** How long the other side asked us to wait, where it did. */
  readonly retryAfterMs: number | undefined;

  /** For registries and filters of your own: `message` is a sentence to which code and reason are added. */
  constructor(reason: Reason, message: string, facts: Facts = {}) {
    const code = reasons[reason].code;
    // A refusal is an answer, not a bug: walking the stack would cost ten times what the refusal does.
    const limit = Error.stackTraceLimit;
    if (reason !== 'bug') Error.stackTraceLimit = 0;
    super(`${message} (${code}: ${reason})`, facts.cause === undefined ? undefined : { cause: facts.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.reason = reason;
    this.status = codes[code].http;
    this.sent = facts.sent ?? 'no';
    this.service = facts.service;
    this.endpoint = facts.endpoint;
    this.attempts = facts.attempts ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }

  get [BRAND](): true {
    return true;
  }

  /** Whether `error` is one of ours, also from another copy of this package. */
  static is(error: unknown): error is MeshError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }

  /** The facts as plain data, without the cause, whose contents are not ours to show. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, reason, status, sent, service, endpoint, attempts, retryAfterMs } = this;
    return { name, message, code, reason, status, sent, service, endpoint, attempts, retryAfterMs };
  }
}
