import { FINAL_HEADERS, LEAVING_HEADER, NACK_HEADER } from '../wire/nack.ts';
import { retryAfterIn } from '../wire/retry-after.ts';
import { MeshError, type Sent } from './errors.ts';
import type { HeaderFields } from './kept.ts';

/** What became of an attempt. `none` is no verdict: it says nothing about the endpoint. */
export interface Outcome {
  /** The verdict. */
  readonly is: 'success' | 'failure' | 'none';
  /** What was seen: `status 503`, `ECONNREFUSED`. */
  readonly why: string;
  /** Whether the other side may have seen the request. */
  readonly sent: Sent;
  /** The HTTP status, where there was an answer; 0 where there was none. */
  readonly status: number;
  /** How long the other side asked us to wait; undefined where it did not. */
  readonly retryAfter: string | undefined;
  /** The endpoint says that it is going, and that others should be asked. */
  readonly leaving?: true;
  /** The other side has tried again itself, as often as it may: who called it should not. */
  readonly final?: true;
}

/** A caller's own way to judge what its client gave back. Nothing means: judge as usual. */
export type Classify = (
  settled: { readonly value: unknown } | { readonly error: unknown },
) => 'success' | 'failure' | 'none' | undefined;

const OK: Outcome = { is: 'success', why: 'answered', sent: 'yes', status: 0, retryAfter: undefined };

/** Whether the endpoint said that it did nothing for the request, being busy. It is well enough to say so. */
export const isNack = ({ sent, status }: Outcome): boolean => sent === 'no' && status !== 0;

/** Whether the other side said that it has too much to do. */
export const isRefusal = (outcome: Outcome): boolean =>
  isNack(outcome) || outcome.status === 429 || outcome.status === 503;

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
  const response = answerOf(error);
  const status = statusOf(response) || number(property(error, 'statusCode')) || number(property(error, 'status'));
  if (status >= 100 && status < 600) return outcomeOfStatus(status, response, failing);
  const [code, name] = [codeOf(error), property(error, 'name')];
  const why = code ?? (typeof name === 'string' ? name : 'thrown');
  if (isSlip(error, code) || isAbort(code, name))
    return { is: 'none', why, sent: 'maybe', status: 0, retryAfter: undefined };
  return { is: 'failure', why, sent: sentOf(code, error), status: 0, retryAfter: undefined };
}

/** A slip in the caller's own code is nobody else's fault. Node gives codes to some: ERR_INVALID_URL, ERR_INVALID_ARG_TYPE. */
function isSlip(error: unknown, code: string | undefined): boolean {
  const isKind =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError;
  return isKind && (code === undefined || (code === property(error, 'code') && code.startsWith('ERR_')));
}

/** The client was told to stop by somebody who is not the mesh, so it was the caller. */
const isAbort = (code: string | undefined, name: unknown): boolean =>
  name === 'AbortError' || (code !== undefined && ABORTED.has(code));

/** What holds the answer that an error tells of: axios, got and ky hang it on the error, others make the error of it. */
export const answerOf = (error: unknown): unknown => property(error, 'response') ?? error;

const ABORTED = new Set(['ABORT_ERR', 'ERR_CANCELED', 'UND_ERR_ABORTED']); // of Node, axios, undici

function outcomeOfStatus(status: number, answer: unknown, failing: FailingStatus): Outcome {
  const is = failing(status) ? 'failure' : 'success';
  if (status === 503 && headerOf(answer, NACK_HEADER) !== undefined) {
    const nack = { is, why: 'status 503 nack', sent: 'no', status, retryAfter: '0' } as const; // elsewhere, so at once
    return isLeaving(answer) || headerOf(answer, 'connection')?.toLowerCase() === 'close'
      ? { ...nack, leaving: true }
      : nack;
  }
  const mayWait = status === 429 || status === 503;
  const retryAfter = mayWait ? retryAfterIn((name) => headerOf(answer, name)) : undefined;
  const outcome: Outcome = { is, why: `status ${status}`, sent: 'yes', status, retryAfter };
  if (isLeaving(answer)) return { ...outcome, leaving: true };
  const final = (is === 'failure' || mayWait) && FINAL_HEADERS.some((name) => headerOf(answer, name) !== undefined);
  return final ? { ...outcome, final } : outcome;
}

/** Asked of every answer, so it looks at the thing itself, and only once. */
function isLeaving(answer: unknown): boolean {
  try {
    const { headers } = answer as { readonly headers: { readonly get?: unknown } & Readonly<Record<string, unknown>> };
    return (typeof headers.get === 'function' ? headers.get(LEAVING_HEADER) : headers[LEAVING_HEADER]) != null;
  } catch {
    return false;
  }
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
  if (property(value, 'headers') === undefined) return 0; // a domain object may have a status
  return number(property(value, 'statusCode')) || number(property(value, 'status'));
}

/** A header of an answer in any client's shape. */
export function headerOf(answer: unknown, name: string): string | undefined {
  const headers = property(answer, 'headers');
  if (typeof headers !== 'object' || headers === null) return undefined;
  const get = method(headers, 'get', name);
  const value = get === undefined ? property(headers, name) : attempted(get);
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
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
  // Whom we can not trust we have told nothing.
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function sentOf(code: string | undefined, error: unknown): Sent {
  if (code === undefined) return 'maybe';
  return NEVER_SENT.has(code) || isConnecting(error) || isConnecting(property(error, 'cause')) ? 'no' : 'maybe';
}

/** Whether it went wrong while connecting: ETIMEDOUT and ECONNRESET may, and one for each address that was tried. */
function isConnecting(error: unknown): boolean {
  const each = property(error, 'errors');
  if (Array.isArray(each) && each.length > 0) return each.every((one) => property(one, 'syscall') === 'connect');
  return property(error, 'syscall') === 'connect';
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

/** All headers of an answer in any client's shape, by lower-case name, to be looked at. */
export function headersOf(answer: unknown): HeaderFields {
  const headers = property(answer, 'headers');
  if (typeof headers !== 'object' || headers === null) return {};
  const entries = attempted(() => (Symbol.iterator in headers ? [...(headers as never)] : Object.entries(headers)));
  const fields = (Array.isArray(entries) ? entries : []).filter(
    (entry): entry is [string, string | string[]] =>
      Array.isArray(entry) && (typeof entry[1] === 'string' || Array.isArray(entry[1])),
  );
  return Object.fromEntries(fields.map(([name, value]) => [String(name).toLowerCase(), value]));
}

/** Lets go of an answer that nobody will read, so that its connection is free again. */
export function discard(answer: unknown): void {
  discarding(answer);
}

/** The same, and gives back when it is, where that takes a while; never rejects. */
export function discarding(answer: unknown): Promise<void> | undefined {
  const body = property(answer, 'body');
  const close = method(body, 'dump') ?? method(body, 'cancel') ?? method(body, 'destroy') ?? method(answer, 'resume');
  const closing = close && attempted(close);
  return closing instanceof Promise ? closing.then(nothing, nothing) : undefined;
}

/** Breaks off an answer that takes too long to let go of. */
export function abandon(answer: unknown): void {
  const destroy = method(property(answer, 'body'), 'destroy') ?? method(answer, 'destroy');
  if (destroy !== undefined) attempted(destroy);
}

const nothing = () => {};

function method(of: unknown, name: string, ...args: readonly unknown[]): (() => unknown) | undefined {
  const value = property(of, name);
  return typeof value === 'function' ? () => value.apply(of, args) : undefined;
}

/** What it gives; nothing when it throws: it is not ours, and an answer must not fail for being looked at. */
function attempted(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What stands under a name in a thing that is not ours, and may answer with an error. */
export function property(of: unknown, name: string): unknown {
  if (typeof of !== 'object' || of === null) return undefined;
  try {
    return (of as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isInteger(value) ? value : 0);
