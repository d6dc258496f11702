import { MeshError } from '../core/errors.ts';
import type { Fields } from './headers.ts';
import { NOTHING, type Payload } from './payload.ts';
import type { Message } from './request.ts';
import type { MeshResponse } from './response.ts';
import { problemOf, type Target } from './target.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether an answer sends us elsewhere. */
export const isRedirect = ({ statusCode, headers }: MeshResponse): boolean =>
  REDIRECTS.has(statusCode) && headers.location !== undefined;

/**
 * Where an answer sends us. The endpoint's own address stands for its service, since servers write what they know; any
 * other address that is not the name of a service is refused, so that no answer can make us call what it likes.
 * @throws MeshError INVALID_ARGUMENT for what names no service.
 */
export function locate({ headers, endpoint }: MeshResponse, from: Target): Target {
  const { service, path } = from;
  const base = `http://${service}${path}`;
  const url = URL.parse(textOf([headers.location].flat()[0]!), base);
  if (url === null) throw new MeshError('request', `${service}: redirects to what is not a URL`, { service });
  const toPath = `${url.pathname}${url.search}`;
  if (url.origin === endpoint || url.origin === new URL(base).origin) return { service, path: toPath };
  if (problemOf(url) === undefined) return { service: url.hostname, path: toPath };
  throw new MeshError('request', `${service}: redirects to ${url.origin}, which is not a service`, { service });
}

/** Header bytes are read as Latin-1; those of a URL beyond ASCII mean UTF-8. */
function textOf(location: string): string {
  return /[\u0080-\u00ff]/.test(location) ? Buffer.from(location, 'latin1').toString('utf8') : location;
}

const OF_BODY = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];
const OF_ORIGIN = ['authorization', 'proxy-authorization', 'cookie', 'host'];

/** The message as it goes on to `target`, as the Fetch standard has it. */
export function redirected(message: Message, status: number, target: Target): Message {
  const { method } = message;
  const asGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  const drop = asGet ? OF_BODY : [];
  const crossing = target.service.toLowerCase() === message.target.service.toLowerCase() ? [] : OF_ORIGIN;
  return {
    ...message,
    target,
    method: asGet ? 'GET' : method,
    headers: without(message.headers, [...drop, ...crossing]),
    payload: asGet ? NOTHING : message.payload,
  };
}

/** Whether the body of a message has gone, and a redirect would need it again. */
export function isSpent(payload: Payload): boolean {
  return !payload.replayable && payload.source?.touched === true;
}

function without(fields: Fields | undefined, names: readonly string[]): Fields | undefined {
  if (fields === undefined || names.length === 0) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
