import { MeshError } from '../core/errors.ts';
import type { Fields } from './headers.ts';
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
function locate({ headers, endpoint }: MeshResponse, from: Target): Target {
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

/** What of a request changes when it is sent on. */
export interface Hop {
  readonly target: Target;
  readonly method: string;
  readonly headers: Fields | undefined;
  /** Whether it goes on with its body. */
  readonly hasBody: boolean;
}

/** The request as it goes on to where `answer` sends it, as the Fetch standard has it. */
export function hop(from: Omit<Hop, 'hasBody'>, answer: MeshResponse): Hop {
  const target = locate(answer, from.target);
  const { method } = from;
  const { statusCode } = answer;
  const asGet = statusCode === 303 ? method !== 'GET' && method !== 'HEAD' : statusCode < 303 && method === 'POST';
  const crossing = target.service.toLowerCase() !== from.target.service.toLowerCase();
  const headers = without(from.headers, [...(asGet ? OF_BODY : []), ...(crossing ? OF_ORIGIN : [])]);
  return { target, method: asGet ? 'GET' : method, headers, hasBody: !asGet };
}

function without(fields: Fields | undefined, names: readonly string[]): Fields | undefined {
  if (fields === undefined || names.length === 0) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
