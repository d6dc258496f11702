import { pathOf } from './target.ts';

/** What Express writes down on a request: the path that led to a router, and what answers there. */
export interface Mounted {
  readonly url?: string | undefined;
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
  readonly params?: Readonly<Record<string, unknown>>;
}

const MOUNTS = 8; // where one route is believed to be mounted by plain paths; if there are more, they have a parameter
const MANY = '/{mount*}'; // they have nothing in common

/** For each route, where it was found to be mounted, by spelling. Routes are their application's, and go with it. */
const mounts = new WeakMap<object, Map<string, string>>();

/** The template of a route of Express, with that of where its router is mounted; undefined where it has none. */
export function mountedTemplate(request: Mounted): string | undefined {
  const { route, baseUrl = '', params = {}, originalUrl, url = '/' } = request;
  const path = route?.path;
  if (typeof path !== 'string') return undefined;
  const base = baseUrl === '' ? baseOf(pathOf(originalUrl ?? url), path) : baseUrl;
  return base === '' ? path : mountOf(base, route!, path, params) + path;
}

/** An error that has left a router took along where that is mounted: then it is what the route leaves of the path. */
function baseOf(target: string, path: string): string {
  if (/[*?+({]/.test(path)) return ''; // who knows how much of it the route took
  const all = segmentsOf(target.split('?', 1)[0]!);
  const own = segmentsOf(path).length;
  return own < all.length ? `/${all.slice(0, all.length - own).join('/')}` : '';
}

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

/**
 * Express tells what was matched and not what it was matched by: `/users/7` of `/users/:user`. Where the router has
 * `mergeParams` the parameters tell the rest. Where it has not, a route that is found in ever more places is named by what
 * they have in common, so that strangers who choose the path make no names.
 */
function mountOf(base: string, route: object, path: string, params: Readonly<Record<string, unknown>>): string {
  let known = mounts.get(route);
  if (known === undefined) {
    known = new Map();
    mounts.set(route, known);
  }
  const spelling = base.toLowerCase();
  const seen = known.get(spelling);
  if (seen !== undefined) return seen;
  for (const template of known.values()) if (template.includes(':') && fits(base, template)) return template;
  if (known.size >= 2 * MOUNTS) return MANY;
  const told = templateOf(base, path, params);
  const template = told === base && known.size >= MOUNTS ? common([base, ...known.values()]) : told;
  known.set(template === base ? spelling : template, template);
  return template;
}

const NAMES = /[:*]([A-Za-z_]\w*)/g;

/** The last first: a parameter may have the value that stands before it, as in `/orders/orders`. */
function templateOf(base: string, path: string, params: Readonly<Record<string, unknown>>): string {
  const own = new Set(Array.from(path.matchAll(NAMES), ([, name]) => name));
  const segments = base.split('/');
  let before = segments.length;
  for (const [name, value] of Object.entries(params).toReversed()) {
    const at = own.has(name) ? -1 : segments.findLastIndex((one, at) => at < before && isValue(one, value));
    if (at < 1) continue;
    segments[at] = `:${name}`;
    before = at;
  }
  return segments.join('/');
}

/** The template of paths that are as long as the first. */
function common([first = '', ...others]: readonly string[]): string {
  const mine = first.split('/');
  const same = others.map((other) => other.split('/')).filter(({ length }) => length === mine.length);
  let parameters = 0;
  const isShared = (one: string, at: number): boolean => same.every((other) => isSame(one, other[at]!));
  const name = (): string => `:mount${++parameters === 1 ? '' : parameters}`;
  return mine.map((one, at) => (isShared(one, at) ? one : name())).join('/');
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

function isValue(segment: string, value: unknown): boolean {
  if (segment === value) return true;
  try {
    return decodeURIComponent(segment) === value;
  } catch {
    return false;
  }
}

function fits(base: string, template: string): boolean {
  const [mine, its] = [base.split('/'), template.split('/')];
  return mine.length === its.length && its.every((one, at) => one.startsWith(':') || isSame(one, mine[at]!));
}
