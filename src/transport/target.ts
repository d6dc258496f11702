import { MeshError } from '../core/errors.ts';

/** Where a request goes: a service, and a path with its query. */
export interface Target {
  readonly service: string;
  readonly path: string;
}

// What `URL` would leave as it is, apart from dots that stand for folders. Most URLs are such, and `URL` is dear.
const PLAIN = /^http:\/\/[A-Za-z0-9._-]+(?:\/[\w\-.~!$&()*+,;=:@%/]*(?:\?[\w\-.~!$&()*+,;=:@%/?]+)?)?$/;
const SCHEME = 'http://'.length;
const DOTS = /\/\.|\/%2e/i;
const NO_HOST = /^[a-z]+:\/*$|^[a-z]+:\/\/[/?#]/i; // `URL` would take the path for the host
const HOST = /^http:\/\/([^/?#]+)/i;

/**
 * Reads a URL whose host is the name of a service. The name keeps its case where the URL is text, though `URL` would
 * not keep it: names in registries have one.
 * @throws MeshError INVALID_ARGUMENT when it is not such a URL.
 */
export function parseTarget(url: string | URL): Target {
  if (typeof url === 'string' && PLAIN.test(url) && !DOTS.test(url)) {
    const slash = url.indexOf('/', SCHEME);
    return slash < 0
      ? { service: url.slice(SCHEME), path: '/' }
      : { service: url.slice(SCHEME, slash), path: url.slice(slash) };
  }
  const parsed = url instanceof URL ? url : URL.parse(url);
  if (parsed === null || (typeof url === 'string' && NO_HOST.test(url)))
    throw bad(`a URL must name a service, as in 'http://orders/orders/42'; got ${show(url)}`);
  const problem = problemOf(parsed);
  if (problem !== undefined) throw bad(problem);
  const asWritten = typeof url === 'string' ? HOST.exec(url)?.[1] : undefined;
  const service = asWritten?.toLowerCase() === parsed.hostname ? asWritten : parsed.hostname;
  return { service, path: `${parsed.pathname}${parsed.search}` };
}

/** What keeps `url` from naming a service; undefined when nothing does. */
export function problemOf(url: URL): string | undefined {
  if (url.protocol !== 'http:') {
    return `the URL of a service must begin with 'http://', got '${url.protocol}'; whether TLS is spoken is the endpoint's to say`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'the URL of a service must hold no user name or password; send an authorization header';
  }
  if (url.port !== '') return `the URL of a service must have no port, got ':${url.port}'; the registry knows it`;
  return undefined;
}

/** Adds a query to a path that may have one. */
export function withQuery(path: string, query: Query): string {
  const search = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (search !== query) {
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined && one !== null) search.append(name, String(one));
      }
    }
  }
  const text = search.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

type Value = string | number | boolean | null | undefined;

/** A query by names; a list stands for the name said several times. */
export type Query = URLSearchParams | Readonly<Record<string, Value | readonly Value[]>>;

/** A URL as an error may show it: no query, since that may hold secrets, nor anything before an '@'. */
function show(url: unknown): string {
  if (typeof url !== 'string') return url === null ? 'null' : typeof url;
  const bare = url.replace(/[?#].*$/s, '').replace(/^.*@/s, '');
  return `'${bare.slice(0, 80)}'`;
}

const bad = (message: string): MeshError => new MeshError('request', message);
