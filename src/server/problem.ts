import { type Code, MeshError, type Reason } from '../core/errors.ts';
import { NACK_HEADER } from '../wire/nack.ts';
import { QuotaRefusal } from './quota-refusal.ts';

/** An answer that says what is wrong: RFC 9457 problem details. */
export interface Problem {
  /** The HTTP status. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Problem details (RFC 9457), as JSON. */
  readonly body: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

// What our own code asked for wrongly is not the fault of who called us.
const OWN_FAULTS: ReadonlySet<Reason> = new Set(['policy', 'request', 'authenticate']);

/** The answer for an error. It names the kind and no more: messages and causes tell of what lies behind us. */
export function problemOf(error: unknown): Problem {
  const own = callError(error);
  if (own === undefined || OWN_FAULTS.has(own.reason)) return problem(500, 'INTERNAL');
  return problem(own.status, own.code, undefined, waitOf(own));
}

/** Why a call failed: itself, or the cause of what `mesh.fetch` (a TypeError) and axios (an Error) make of it. */
function callError(error: unknown): MeshError | undefined {
  if (MeshError.is(error)) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  return MeshError.is(cause) ? cause : undefined;
}

/** The answer of the mesh itself to a request that it does not let in: `detail` is for the caller to read. */
export function refusalOf(error: unknown): Problem {
  if (!MeshError.is(error)) return problem(500, 'INTERNAL');
  const nack = error.reason === 'shed' ? NACK : undefined;
  const more = { ...waitOf(error), ...nack, ...challengeOf(error) };
  if (error instanceof QuotaRefusal) {
    const said = { type: QUOTA_EXCEEDED, 'violated-policies': [error.violated] };
    return problem(error.status, error.code, DETAILS.quota, { ...more, ...error.fields }, said);
  }
  return problem(error.status, error.code, DETAILS[error.reason], more);
}

/** Of draft-ietf-httpapi-ratelimit-headers. */
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** Finagle's word for: nothing was done, ask another. Our own client knows it, too. */
const NACK = { [NACK_HEADER]: 'true' };

/** How to do better: of `identify`, whose word it is. */
const challengeOf = (error: MeshError): Readonly<Record<string, string>> =>
  'challenge' in error ? { 'www-authenticate': String(error.challenge) } : {};

const waitOf = ({ retryAfterMs: ms }: MeshError): Readonly<Record<string, string>> =>
  ms === undefined ? {} : { 'retry-after': `${Math.ceil(ms / 1_000)}` };

const DETAILS: { readonly [R in Reason]?: string } = {
  deadline: 'The deadline had passed when the request came.',
  identify: 'Who sent the request was not proven.',
  quota: 'More was asked for than the quota allows in its time.',
  shed: 'Too many requests are being served.',
};

function problem(
  status: number,
  code: Code,
  detail?: string,
  more?: Readonly<Record<string, string>>,
  members?: Readonly<Record<string, unknown>>,
): Problem {
  const said = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, code, detail, ...members };
  return { status, headers: { 'content-type': 'application/problem+json', ...more }, body: JSON.stringify(said) };
}
