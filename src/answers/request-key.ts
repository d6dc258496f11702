import type { Call } from '../core/call.ts';
import type { History } from '../core/context.ts';

// What differs from request to request and changes no answer. Any other header may, so it is part of the key.
const IDLE = new Set([
  'traceparent',
  'tracestate',
  'b3',
  'x-request-id',
  'x-correlation-id',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'user-agent',
  'date',
  'connection',
  'cache-control',
  'pragma',
]);
const B3 = 'x-b3-';
const NONE: readonly string[] = [];
const LONGEST = 8_192; // characters; what is longer is not worth keeping

/** Whether a header changes nothing about the answer. */
export const isIdle = (name: string): boolean => IDLE.has(name) || name.startsWith(B3);

/**
 * What two requests have in common that get the same answer: method, path, every header that may matter, and for whom we
 * ask. Nothing where that can not be told: the request changes something, has a body, or its client does not let us know.
 */
export function requestKey(
  { method, path, headers, request }: Call<unknown>,
  { baggage, principal }: History,
  ignore: readonly string[] = NONE,
): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (path === undefined || request?.keeper === undefined || request.hasBody === true) return undefined;
  const parts: (readonly [string, unknown])[] = [];
  const add = (name: string, value: unknown): void => {
    if (!isIdle(name) && !ignore.includes(name)) parts.push([name, value]);
  };
  for (const name in headers) add(name, headers[name]);
  for (const name in request.headers) add(name, request.headers[name]);
  if (baggage.text !== '') add('baggage', baggage.text); // whoever answers may go by it
  if (principal !== undefined && principal.name !== '') parts.push([':for', [principal.issuer, principal.name]]);
  if (parts.length > 1) parts.sort(([one], [other]) => (one < other ? -1 : 1));
  const key = JSON.stringify([path, method, parts]);
  return key.length > LONGEST ? undefined : key;
}
