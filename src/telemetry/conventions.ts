import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Incoming } from '../core/incoming.ts';
import { headerOf, type Outcome } from '../core/outcome.ts';
import type { AttemptRecord, RequestRecord } from './watcher.ts';

// Names of OpenTelemetry's semantic conventions for HTTP (stable since 1.23). Written out here: their package is ten
// megabytes.

/** The methods that are counted and named as themselves. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
]);

/** A route that is a template, as in `GET /orders/{id}` or `/orders/{id}`; others are names. */
const TEMPLATE = /^(?:[A-Z]+ )?(\/.*)$/;

/** The name of an attempt's span: method and template where they are known, never the path that was asked for. */
export function attemptName({ method }: Call<unknown>, { service, route }: Context): string {
  if (method === undefined) return service; // no HTTP, as far as we know
  return spanName(method, templateOf(route));
}

const spanName = (method: string, template: string | undefined): string =>
  `${METHODS.has(method) ? method : 'HTTP'}${template === undefined ? '' : ` ${template}`}`;

/** The name of the span of a request that came in. */
export const requestName = ({ incoming, route }: RequestRecord): string =>
  spanName(incoming.method, templateOf(route()));

/** What is known of a request when it comes in, so that samplers may ask for it. */
export function requestAttributes({ incoming, route }: RequestRecord): Record<string, string | number> {
  const { method, path, wire } = incoming;
  const template = templateOf(route());
  const agent = headerOf(incoming, 'user-agent');
  return {
    ...methodOf(method),
    'url.path': path.split(/[?#]/, 1)[0]!.slice(0, MOST), // queries hold secrets
    'url.scheme': wire?.secure ? 'https' : 'http',
    ...askedFor(incoming),
    ...(template === undefined ? {} : { 'http.route': template }),
    ...(agent === undefined ? {} : { 'user_agent.original': agent.slice(0, MOST) }),
    ...(wire === undefined || wire.peer === '' ? {} : { 'client.address': wire.peer }),
    ...(wire === undefined || wire.protocol === '' ? {} : { 'network.protocol.version': wire.protocol }),
  };
}

const MOST = 2_048; // characters; what strangers write has no end of its own
const HOST = /^([\w.-]{1,253}|\[[\da-fA-F:.]{2,45}\])(?::(\d{1,5}))?$/;

/** Whom a request asked for, by the Host that it named. */
function askedFor({ headers, wire }: Incoming): Record<string, string | number> {
  const host = headerOf({ headers }, ':authority') ?? headerOf({ headers }, 'host');
  const [, name, port] = HOST.exec(host ?? '') ?? [];
  if (name === undefined) return {};
  return {
    'server.address': name.replace(/^\[|\]$/g, ''),
    'server.port': port === undefined ? (wire?.secure ? 443 : 80) : Number(port),
  };
}

/** What is known of it at its end. `error.type` only where it is our fault, or the caller never got it whole. */
export function requestEndAttributes({
  refusal,
  route,
  status,
  whole,
}: RequestRecord): Record<string, string | number> {
  const template = templateOf(route());
  const type = status >= 500 ? (refusal?.reason ?? String(status)) : whole ? undefined : 'caller';
  return {
    ...(template === undefined ? {} : { 'http.route': template }),
    ...(status > 0 ? { 'http.response.status_code': status } : {}),
    ...(type === undefined ? {} : { 'error.type': type }),
  };
}

/** What is known of an attempt when it begins, so that samplers may ask for it. */
export function attemptAttributes({ call, context, endpoint }: AttemptRecord): Record<string, string | number> {
  const { method, path } = call;
  const { host, port } = placeOf(endpoint);
  const template = templateOf(context.route);
  return {
    'inmesh.service': context.service,
    'server.address': host,
    'server.port': port,
    ...(context.attempt > 1 ? { 'http.request.resend_count': context.attempt - 1 } : {}),
    ...(method === undefined ? {} : methodOf(method)),
    ...(path === undefined ? {} : { 'url.full': `${endpoint.url}${path.split(/[?#]/, 1)[0]}` }), // queries hold secrets
    ...(template === undefined ? {} : { 'url.template': template }),
  };
}

/** What is known of it at its end. */
export function endAttributes({ is, why, status }: Outcome): Record<string, string | number> {
  const failed = is !== 'success' || status >= 400;
  return {
    ...(status > 0 ? { 'http.response.status_code': status } : {}),
    ...(failed ? { 'error.type': status > 0 ? String(status) : errorType(why) } : {}),
  };
}

const places = new WeakMap<{ readonly url: string }, { readonly host: string; readonly port: number }>(); // a URL is dear to read

/** The host and port of an endpoint. */
export function placeOf(endpoint: { readonly url: string }): { readonly host: string; readonly port: number } {
  const known = places.get(endpoint);
  if (known !== undefined) return known;
  const { hostname, port, protocol } = new URL(endpoint.url);
  const place = { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
  places.set(endpoint, place);
  return place;
}

/** The method by its name; one that nobody knows is `_OTHER`, so that strangers can not make names. */
export const methodName = (method: string): string => (METHODS.has(method) ? method : '_OTHER');

/** The same for a span, which may tell what was written. */
const methodOf = (method: string): Record<string, string> =>
  METHODS.has(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': methodName(method), 'http.request.method_original': method };

/** The template of a route; nothing for one that is a mere name. */
export const templateOf = (route: string | undefined): string | undefined =>
  route === undefined ? undefined : TEMPLATE.exec(route)?.[1];

/** Why an attempt failed, in a word: its status, where there was an answer. */
export const whyType = (why: string): string => /^status (\d{3})/.exec(why)?.[1] ?? errorType(why);

/** Few and short: the code of an error, or the word of the mesh; whatever else there may be is one. */
export const errorType = (why: string): string => {
  const word = why.replaceAll(' ', '_');
  return /^[\w-]{1,64}$/.test(word) ? word : '_OTHER';
};
