import { MeshError } from '../core/errors.ts';
import { type AboutCall, checkAbout, NOTHING_SAID } from './about-call.ts';
import type { Fields } from './headers.ts';
import { keeper } from './keeper.ts';
import { type BodyLike, keepStream, NOTHING, type Payload, readBody, Source, streamed } from './payload.ts';
import type { Message } from './request.ts';
import { parseTarget } from './target.ts';

/** What a `fetch` may be told: what the standard has, and under `mesh` what may be said of any call. */
export type FetchInit = RequestInit & {
  /** What may be said of any call: `{ timeout: '800ms' }`. */
  readonly mesh?: AboutCall | undefined;
};

/** A message as `fetch` was asked to send it. */
export interface FetchMessage extends Message {
  readonly headers: Fields;
  readonly redirect: Request['redirect'];
}

// What Node's own fetch says, apart from the name.
const USUAL: Readonly<Fields> = Object.freeze({
  accept: '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'user-agent': 'inmesh',
  'accept-encoding': 'br, gzip, deflate',
});

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
const FORBIDDEN = new Set(['CONNECT', 'TRACE', 'TRACK']);
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
const SIMPLE = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'mesh']);
const MODES = new Set(['follow', 'error', 'manual']);

/**
 * Reads what `fetch` was given. What is plain is read here; for the rest Node's own `Request` does it, which knows every
 * rule and costs as much as sending the request does.
 * @throws TypeError for what the Fetch standard refuses, MeshError for a URL that names no service.
 */
export function readFetch(
  input: string | URL | Request,
  init: FetchInit | undefined,
  keep: (service: string) => number,
): FetchMessage | Promise<FetchMessage> {
  if (isPlain(input, init)) return readPlain(input, init);
  const request = new Request(input, init);
  if (request.integrity !== '') throw new MeshError('request', 'mesh.fetch does not check integrity');
  const named = typeof input === 'string' || input instanceof URL ? input : request.url;
  refuseCredentials(named);
  const { service, path } = parseTarget(named);
  const message = (payload: Payload): FetchMessage => ({
    target: { service, path },
    method: request.method,
    headers: withUsual(request.headers),
    payload,
    signal: request.signal,
    redirect: request.redirect,
    ...about(init?.mesh),
    keeper,
    hasBody: payload !== NOTHING,
  });
  const payload = payloadOf(request, init?.body, keep(service));
  return payload instanceof Promise ? payload.then(message) : message(payload);
}

function isPlain(input: unknown, init: FetchInit | undefined): input is string | URL {
  if (typeof input !== 'string' && !(input instanceof URL)) return false;
  if (init === undefined) return true;
  if (typeof init !== 'object' || init === null) return false;
  for (const key in init) if (!SIMPLE.has(key)) return false;
  const { body, signal } = init;
  if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) return false;
  return typeof body !== 'object' || body === null || ArrayBuffer.isView(body) || body instanceof URLSearchParams;
}

function readPlain(input: string | URL, init: FetchInit = {}): FetchMessage {
  const { body, headers, redirect = 'follow' } = init;
  refuseCredentials(input);
  const method = init.method === undefined ? 'GET' : readMethod(String(init.method));
  if (!MODES.has(redirect)) throw new TypeError(`redirect must be follow, error or manual, got '${redirect}'`);
  const hasBody = body !== undefined && body !== null;
  if (hasBody && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`a ${method} request can not have a body`);
  const payload = hasBody ? plainPayload(body) : NOTHING;
  return {
    target: parseTarget(input),
    method,
    headers: headers === undefined ? { ...USUAL } : withUsual(new Headers(headers)),
    payload,
    signal: init.signal ?? undefined,
    redirect,
    ...about(init.mesh),
    keeper,
    hasBody: payload !== NOTHING,
  };
}

/** @throws MeshError INVALID_ARGUMENT for what can not be said of a call. */
function about(said: unknown): Required<AboutCall> {
  if (said === undefined) return NOTHING_SAID;
  checkAbout(said);
  return { ...NOTHING_SAID, ...said };
}

function readMethod(method: string): string {
  const upper = method.toUpperCase();
  if (METHODS.has(upper)) return upper;
  if (!TOKEN.test(method) || FORBIDDEN.has(upper)) throw new TypeError(`'${method}' is not a valid HTTP method`);
  return method;
}

/** @throws TypeError for a URL that can not be read or has a user name, whose text may be a secret. */
function refuseCredentials(input: string | URL): void {
  if (typeof input === 'string' && !input.includes('@') && /^http:\/\/\w/.test(input)) return;
  const url = input instanceof URL ? input : URL.parse(input);
  if (url === null) throw new TypeError('fetch needs a whole URL, such as http://orders/orders/42');
  if (url.username !== '' || url.password !== '') throw new TypeError('a URL for fetch can not hold credentials');
}

/** A body that is at hand; bytes are copied, since the caller may go on to change them. */
function plainPayload(body: unknown): Payload {
  if (ArrayBuffer.isView(body)) {
    return readBody(new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice(), 0) as Payload;
  }
  if (body instanceof URLSearchParams) return readBody(body, 0) as Payload;
  return { ...(readBody(String(body), 0) as Payload), type: 'text/plain;charset=UTF-8' };
}

function payloadOf(request: Request, given: unknown, keep: number): Payload | Promise<Payload> {
  if (request.body === null) return NOTHING;
  if (given instanceof Blob) return readBody(given as BodyLike, keep);
  const isStream = typeof given === 'object' && given !== null && Symbol.asyncIterator in given;
  if (isStream) return streamed(new Source(() => request.body!, request.body), undefined, undefined, false);
  return keepStream(request.body, keep, { signal: request.signal });
}

function withUsual(headers: Headers): Fields {
  const fields: Fields = { ...USUAL };
  for (const [name, value] of headers) fields[name] = value;
  if (fields.range !== undefined && !headers.has('accept-encoding')) fields['accept-encoding'] = 'identity';
  return fields;
}
