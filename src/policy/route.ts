/**
 * A pattern for requests, as policies name routes: `GET /orders/{id}`, or a path alone for every method. `{x}` stands
 * for one segment, `{x*}` at the end for the rest. Anything else (`checkout`) is a name that calls give by hand.
 */
export interface Route {
  readonly name: string;
  readonly method: string | undefined;
  readonly segments: readonly string[];
}

/** Names that are meant to be patterns, and would be for no call: each with what to say of it. */
export const MISWRITTEN: readonly (readonly [form: RegExp, message: string])[] = [
  [
    /^(?:[A-Za-z]+ )?(?=\/)\S*\/(?::|\*{1,2}(?:\/|$))/,
    'a segment that may be anything is written {id}, and what follows {rest*}',
  ],
  [/^(?=[A-Z]*[a-z])[A-Za-z]+ \//, 'a method is written in capitals, such as GET'],
];

const FORM = /^(?:([A-Z]+) )?(\/\S*)$/;

export function parseRoute(name: string): Route {
  const [, method, path] = FORM.exec(name) ?? [];
  return { name, method, segments: path === undefined ? [] : path.split('/').slice(1) };
}

/** The most exact route that fits: the one with most literal segments, then one that names the method. */
export function matchRoute(routes: readonly Route[], method: string, path: string): string | undefined {
  const query = path.indexOf('?');
  const segments = (query < 0 ? path : path.slice(0, query)).split('/').slice(1);
  let [best, exactness]: [string | undefined, number] = [undefined, -1];
  for (const route of routes) {
    const fit = fits(route, method, segments);
    if (fit > exactness) [best, exactness] = [route.name, fit];
  }
  return best;
}

/** How exactly a route fits; below 0 when it does not. */
function fits({ method, segments: wanted }: Route, asked: string, segments: readonly string[]): number {
  if (wanted.length === 0 || (method !== undefined && method !== asked)) return -1;
  let exactness = method === undefined ? 0 : 1;
  for (let at = 0; at < wanted.length; at++) {
    const want = wanted[at]!;
    if (want.startsWith('{') && want.endsWith('*}')) return exactness;
    if (at >= segments.length) return -1;
    if (want.startsWith('{') && want.endsWith('}')) exactness += 2;
    else if (want === segments[at]) exactness += 4;
    else return -1;
  }
  return wanted.length === segments.length ? exactness : -1;
}
