import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Outcome } from '../core/outcome.ts';
import type { AttemptRecord } from './watcher.ts';

// Names of OpenTelemetry's semantic conventions for HTTP (stable since 1.23). Written out here: their package is ten
// megabytes.

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

/** A route that says method and template, as in `GET /orders/{id}`. */
const TEMPLATE = /^[A-Z]+ (\/.*)$/;

/** The name of an attempt's span: method and template where they are known, never the path that was asked for. */
export function attemptName({ method }: Call<unknown>, { service, route }: Context): string {
  if (method === undefined) return service; // no HTTP, as far as we know
  const name = METHODS.has(method) ? method : 'HTTP';
  const template = templateOf(route);
  return template === undefined ? name : `${name} ${template}`;
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

const places = new WeakMap<Endpoint, { readonly host: string; readonly port: number }>(); // a URL is dear to read

function placeOf(endpoint: Endpoint): { readonly host: string; readonly port: number } {
  const known = places.get(endpoint);
  if (known !== undefined) return known;
  const { hostname, port, protocol } = new URL(endpoint.url);
  const place = { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
  places.set(endpoint, place);
  return place;
}

const methodOf = (method: string): Record<string, string> =>
  METHODS.has(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': '_OTHER', 'http.request.method_original': method };

const templateOf = (route: string | undefined): string | undefined =>
  route === undefined ? undefined : TEMPLATE.exec(route)?.[1];

/** Few and short: the code of an error, or the word of the mesh; whatever else there may be is one. */
const errorType = (why: string): string => {
  const word = why.replaceAll(' ', '_');
  return /^[\w-]{1,64}$/.test(word) ? word : '_OTHER';
};
