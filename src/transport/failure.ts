import { MeshError, type Sent } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { formatDuration } from '../policy/duration.ts';
import { Unproven } from './connect.ts';

/** Where an attempt was going, for errors to name. */
export interface Destination {
  readonly service: string;
  /** `host:port`. */
  readonly address: string;
  /** How long connecting may take. */
  readonly connectMs: number;
  /** How long a body may be silent. */
  readonly idleMs: number;
}

const UNUSABLE = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);
const OF_CONNECTION = new Set(['transfer-encoding', 'keep-alive', 'upgrade', 'connection']);
const NOT_HTTP = 'HTTPParserError'; // has a code only now and then
const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

/** What an attempt failed with before any byte left. */
export function neverSent(error: unknown, to: Destination): MeshError {
  if (MeshError.is(error)) return withSent(error, 'no');
  const code = codeOf(error);
  if (UNUSABLE.has(code)) return refused(`${to.service}: ${whyUnusable(messageOf(error))}`, to, 'no', error);
  const why =
    error instanceof Unproven ? `no connection to ${to.address}, ${error.message}` : whyNotConnected(code, to);
  return new MeshError('connect', `${to.service}: ${why}`, factsOf(to, 'no', error));
}

/** What undici says of a header tells which one, and not what is wrong with it. */
function whyUnusable(message: string): string {
  if (message === 'invalid header key') return 'a header has a name that no header may have';
  const [, header] = /^invalid (\S+) header$/.exec(message) ?? [];
  if (header === undefined || header === 'content-length') return message;
  if (OF_CONNECTION.has(header))
    return `the header '${header}' is for one connection and goes no further; leave it out`;
  return `the header '${header}' has a value that no header may have: it must be text of Latin-1 in one line`;
}

function whyNotConnected(code: string, { address, connectMs }: Destination): string {
  if (code === 'ECONNREFUSED') return `${address} refused the connection`;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `no connection to ${address} in ${formatDuration(connectMs)}`;
  if (UNRESOLVED.has(code)) return `the name of ${address} could not be resolved`;
  return `no connection to ${address}${code === '' ? '' : `, ${code}`}`;
}

/** What an attempt failed with when it may have been seen, and no answer had come. */
export function neverAnswered(error: unknown, to: Destination): MeshError {
  if (MeshError.is(error)) return withSent(error, 'maybe');
  const code = codeOf(error);
  if (UNUSABLE.has(code)) return refused(`${to.service}: ${whyUnusable(messageOf(error))}`, to, 'maybe', error);
  const why = whyNotAnswered((error as Error).name === 'HTTPParserError' ? NOT_HTTP : code, to.address);
  return new MeshError('reset', `${to.service}: ${why}`, factsOf(to, 'maybe', error));
}

function whyNotAnswered(code: string, address: string): string {
  if (code === NOT_HTTP) return `${address} answered with something that is not HTTP`;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return `${address} answered with headers that are too large`;
  return `${address} ended the connection before it answered`;
}

/** What a body failed with. */
export function brokenOff(error: unknown, to: Destination): MeshError {
  if (MeshError.is(error)) return withSent(error, 'yes');
  const silent = codeOf(error) === 'UND_ERR_BODY_TIMEOUT';
  const what = silent ? `was silent for ${formatDuration(to.idleMs)} in the middle of` : 'broke off in the middle of';
  return new MeshError('reset', `${to.service}: ${to.address} ${what} its answer`, factsOf(to, 'yes', error));
}

/** What a request failed with because its own body could not be read. */
export function bodyFailed(error: unknown, to: Destination): MeshError {
  return refused(`${to.service}: the body of the request failed: ${messageOf(error)}`, to, 'maybe', error);
}

function refused(message: string, to: Destination, sent: Sent, cause: unknown): MeshError {
  return new MeshError('request', message, factsOf(to, sent, cause));
}

const factsOf = ({ service, address }: Destination, sent: Sent, cause: unknown) => ({
  sent,
  service,
  endpoint: address,
  cause,
});

/** Our own word for it, such as "the mesh was closed", with what is known about this attempt. */
function withSent(error: MeshError, sent: Sent): MeshError {
  if (error.sent === sent) return error;
  const message = error.message.replace(/ \([A-Z_]+: [a-z-]+\)$/, '');
  return new MeshError(error.reason, message, { sent, service: error.service, cause: error.cause });
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
