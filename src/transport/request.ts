import { OutgoingAttempt } from '../core/attempt.ts';
import type { Attempt, Caller, CallOptions } from '../core/call.ts';
import { MeshError } from '../core/errors.ts';
import { IDEMPOTENT, isIdempotent } from '../core/idempotent.ts';
import type { Outgoing } from '../core/kept.ts';
import { show } from '../policy/read.ts';
import { ABOUT_CALL, type AboutCall, answering } from './about-call.ts';
import { Exchange } from './exchange.ts';
import { type Fields, type HeadersLike, readHeaders } from './headers.ts';
import { keeper } from './keeper.ts';
import { type BodyLike, NOTHING, type Payload, readBody } from './payload.ts';
import type { Pools } from './pools.ts';
import { isRedirect } from './redirect.ts';
import type { MeshResponse } from './response.ts';
import { parseTarget, type Query, type Target, withQuery } from './target.ts';

/**
 * What may be said about a request: what may be said of any call, and what is to be sent. Its `method` is GET unless told,
 * and its `signal` calls all of it off, the body of the answer included.
 */
export interface RequestOptions extends AboutCall, Pick<CallOptions, 'method' | 'signal'> {
  /** Header fields. The caller's own win over those of the mesh. */
  readonly headers?: HeadersLike | undefined;
  /** The body. Text and bytes can be sent again; blobs and forms when they are small; a stream never is. */
  readonly body?: BodyLike | undefined;
  /** Added to the query of the URL. */
  readonly query?: Query | undefined;
}

/** A request that is ready to be sent, as often as need be. */
export interface Message extends Required<AboutCall>, Outgoing<MeshResponse> {
  readonly target: Target;
  readonly method: string;
  readonly headers: Fields | undefined;
  readonly payload: Payload;
  readonly signal: AbortSignal | undefined;
  /** What becomes of an answer that sends it elsewhere: it may go on there with its body. `manual` unless told. */
  readonly redirect?: Request['redirect'];
}

const KNOWN = new Set([...IDEMPOTENT, 'POST', 'PATCH']);
const OPTIONS = ['method', 'headers', 'body', 'query', 'signal', ...ABOUT_CALL];
const KEYS = new Set(OPTIONS);
const NO_OPTIONS: RequestOptions = Object.freeze({});

/** Reads a request. @throws MeshError INVALID_ARGUMENT when the URL, an option or the body is not usable. */
export function readMessage(
  url: string | URL,
  options: RequestOptions = NO_OPTIONS,
  keep: (service: string) => number,
): Message | Promise<Message> {
  if (typeof options !== 'object' || options === null) throw bad(`the options must be an object, got ${show(options)}`);
  for (const key in options) if (!KEYS.has(key)) throw unknownOption(key);
  const target = parseTarget(url);
  const { body, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw bad('signal must be an AbortSignal');
  if (body === undefined) return makeMessage(target, options, NOTHING);
  const payload = readBody(body, keep(target.service));
  if (!(payload instanceof Promise)) return makeMessage(target, options, payload);
  return payload.then((ready) => makeMessage(target, options, ready));
}

function makeMessage(target: Target, options: RequestOptions, payload: Payload): Message {
  const { query, headers } = options;
  return {
    target: query === undefined ? target : { service: target.service, path: withQuery(target.path, query) },
    method: readMethod(options.method),
    headers: headers === undefined ? undefined : readHeaders(headers),
    payload,
    signal: options.signal,
    idempotent: options.idempotent,
    timeout: options.timeout,
    route: options.route,
    key: options.key,
    priority: options.priority,
    fallback: options.fallback,
    strategy: options.strategy,
    classify: options.classify,
    keeper,
    hasBody: payload !== NOTHING,
  };
}

function readMethod(method: string | undefined): string {
  if (method === undefined || method === 'GET') return 'GET';
  if (typeof method !== 'string') throw bad(`method must be text, got ${typeof method}`);
  const upper = method.toUpperCase();
  return KNOWN.has(upper) ? upper : method;
}

/** Sends a message through the mesh. */
export function sendMessage(message: Message, caller: Caller, pools: Pools): Promise<MeshResponse> {
  const { target, method, headers, payload, signal } = message;
  const options: CallOptions = {
    idempotent: message.idempotent ?? isIdempotent(method, headers),
    replayable: payload.replayable,
    signal,
    timeout: message.timeout,
    route: message.route,
    key: message.key,
    priority: message.priority,
    fallback: message.fallback && answering(message.fallback),
    strategy: message.strategy,
    classify: message.classify,
    method,
    path: target.path,
    request: message,
  };
  const call = caller.call(target.service, (attempt) => exchange(message, attempt, pools), options);
  const { source } = payload;
  if (source === undefined) return call;
  return call.then(
    (answer) => {
      if (message.redirect !== 'follow' || !isRedirect(answer)) abandonUnsent(payload);
      return answer;
    },
    (error) => {
      source.abandon(error); // nobody will read it now
      throw error;
    },
  );
}

/** Closes what a request was to be made of that was answered without being sent, as by a fallback. */
export function abandonUnsent({ source }: Payload): void {
  if (source?.touched === false) source.abandon(new Error('the request was answered without being sent'));
}

/** Sends a message once. */
function exchange(message: Message, attempt: Attempt, pools: Pools): Promise<MeshResponse> {
  if (!(attempt instanceof OutgoingAttempt)) throw new MeshError('bug', 'an attempt that the mesh did not make');
  const { target, method, payload } = message;
  const { source } = payload;
  if (source?.touched && !payload.replayable) throw bad(`${target.service}: the body has been sent already`);
  const { policy, scope } = attempt.context;
  if (scope.cancelled) throw scope.reason; // not a byte is sent then
  return new Promise((resolve, reject) => {
    const handler = new Exchange(attempt, message.signal, source, resolve, reject);
    const headers = merge(attempt.headers, message, policy.transport.host);
    const body = (source === undefined ? payload.content : source.read()) as string | Uint8Array; // or iterable: types
    pools.get(attempt.url, policy).dispatch({ path: target.path, method, headers, body }, handler);
  });
}

/** The headers of an attempt with the caller's own, which win. Writes to `fields`, which is this attempt's alone. */
function merge(fields: Fields, message: Message, host: 'service' | 'endpoint'): Fields {
  const { headers, payload, target } = message;
  if (host === 'service') fields.host = target.service;
  if (payload.type !== undefined) fields['content-type'] = payload.type;
  if (payload.length !== undefined) fields['content-length'] = String(payload.length);
  if (headers !== undefined) for (const name in headers) fields[name] = headers[name]!;
  return fields;
}

function unknownOption(key: string): MeshError {
  return bad(`a request has no option '${key}'; there are ${OPTIONS.join(', ')}`);
}

const bad = (message: string): MeshError => new MeshError('request', message);
