import { MeshError, type Sent } from './errors.ts';

/** What became of an attempt. `none` is no verdict: it says nothing about the endpoint. */
export interface Outcome {
  readonly is: 'success' | 'failure' | 'none';
  /** What was seen: `status 503`, `ECONNREFUSED`. */
  readonly why: string;
  readonly sent: Sent;
  /** The HTTP status, where there was an answer; 0 where there was none. */
  readonly status: number;
  /** How long the other side asked us to wait; undefined where it did not. */
  readonly retryAfter: string | undefined;
}

/** A caller's own way to judge what its client gave back. Nothing means: judge as usual. */
export type Classify = (
  settled: { readonly value: unknown } | { readonly error: unknown },
) => 'success' | 'failure' | 'none' | undefined;

const OK: Outcome = { is: 'success', why: 'answered', sent: 'yes', status: 0, retryAfter: undefined };

/** Failing statuses: those that blame the endpoint. */
export type FailingStatus = (status: number) => boolean;

/** Judges what a client returned, without knowing the client. */
export function outcomeOf(value: unknown, failing: FailingStatus): Outcome {
  const status = statusOf(value);
  return status === 0 ? OK : outcomeOfStatus(status, value, failing);
}

/** Judges what a client threw, without knowing the client. */
export function outcomeOfError(error: unknown, failing: FailingStatus): Outcome {
  if (MeshError.is(error)) return ofMeshError(error);
  const response = property(error, 'response') ?? error; // axios, got and ky hang the answer on the error
  const status = statusOf(response) || number(property(error, 'statusCode')) || number(property(error, 'status'));
  if (status >= 100 && status < 600) return outcomeOfStatus(status, response, failing);
  const code = codeOf(error);
  if (code !== undefined)
    return { is: 'failure', why: code, sent: sentOf(code, error), status: 0, retryAfter: undefined };
  const name = property(error, 'name');
  const why = typeof name === 'string' ? name : 'thrown';
  // A slip in the caller's own code is nobody else's fault.
  const slip = error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError;
  return { is: slip ? 'none' : 'failure', why, sent: 'maybe', status: 0, retryAfter: undefined };
}

function outcomeOfStatus(status: number, answer: unknown, failing: FailingStatus): Outcome {
  const is = failing(status) ? 'failure' : 'success';
  const retryAfter = status === 429 || status === 503 ? headerOf(answer, 'retry-after') : undefined;
  return { is, why: `status ${status}`, sent: 'yes', status, retryAfter };
}

function ofMeshError(error: MeshError): Outcome {
  const ours = error.reason === 'connect' || error.reason === 'reset' || error.reason === 'attempt';
  return { is: ours ? 'failure' : 'none', why: whyOf(error), sent: error.sent, status: 0, retryAfter: undefined };
}

const whyOf = (error: MeshError): string => {
  if (error.reason === 'attempt') return 'attempt timeout';
  return codeOf(error.cause) ?? error.reason;
};

/** The HTTP status of an answer in any client's shape (fetch, axios, undici, got, node:http); 0 if it is not one. */
function statusOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || !('headers' in value)) return 0; // a domain object may have a status
  return number(property(value, 'statusCode')) || number(property(value, 'status'));
}

/** A header of an answer in any client's shape. */
export function headerOf(answer: unknown, name: string): string | undefined {
  const headers = property(answer, 'headers');
  if (typeof headers !== 'object' || headers === null) return undefined;
  const get = property(headers, 'get');
  const value = typeof get === 'function' ? get.call(headers, name) : property(headers, name);
  return typeof value === 'string' ? value : undefined;
}

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ERR_INVALID_URL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function sentOf(code: string, error: unknown): Sent {
  if (NEVER_SENT.has(code)) return 'no';
  return syscallOf(error) === 'connect' ? 'no' : 'maybe'; // ETIMEDOUT and ECONNRESET while connecting
}

function syscallOf(error: unknown): unknown {
  return property(error, 'syscall') ?? property(property(error, 'cause'), 'syscall');
}

/** The code of an error, or of what caused it: fetch says only "fetch failed" and keeps the code in its cause. */
function codeOf(error: unknown): string | undefined {
  let at = error;
  for (let depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth++) {
    const inner = property(at, 'cause');
    const code = property(at, 'code');
    if (typeof code === 'string' && code !== '' && !(VAGUE.has(code) && codeOf(inner) !== undefined)) return code;
    at = inner;
  }
  return undefined;
}

const VAGUE = new Set(['ERR_BAD_RESPONSE', 'ERR_BAD_REQUEST', 'ERR_NETWORK', 'ABORT_ERR']);

/** Lets go of an answer that nobody will read, so that its connection is free again. */
export function discard(answer: unknown): void {
  const body = property(answer, 'body');
  const close = method(body, 'dump') ?? method(body, 'cancel') ?? method(body, 'destroy') ?? method(answer, 'resume');
  try {
    const closing = close?.();
    if (closing instanceof Promise) closing.catch(() => {});
  } catch {
    // It was not ours to begin with, and nobody is reading it.
  }
}

function method(of: unknown, name: string): (() => unknown) | undefined {
  const value = property(of, name);
  return typeof value === 'function' ? () => value.call(of) : undefined;
}

function property(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isInteger(value) ? value : 0);
