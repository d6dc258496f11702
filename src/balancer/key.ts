import type { CallOptions } from '../core/call.ts';

/** The key of a call, by what `hash.key` of the policy says; nothing where the call has not what it names. */
export function keyOf(said: string, { path, headers, request }: CallOptions): string | undefined {
  if (said === '') return undefined;
  if (said === 'path') return path === undefined ? undefined : withoutQuery(path);
  const colon = said.indexOf(':');
  const [place, name] = [said.slice(0, colon), said.slice(colon + 1)];
  if (place === 'query') return queryOf(path, name);
  const field = (one: string): string | undefined => joined(request?.headers?.[one] ?? headers?.[one]);
  return place === 'header' ? field(name.toLowerCase()) : cookieOf(field('cookie'), name);
}

/** Several values of one header are one key, as in gRPC. */
const joined = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' || value === undefined ? value : value.join(',');

const withoutQuery = (path: string): string => path.split(/[?#]/, 1)[0]!;

function queryOf(path: string | undefined, name: string): string | undefined {
  const at = path?.indexOf('?') ?? -1;
  return at < 0 ? undefined : (new URLSearchParams(path!.slice(at + 1)).get(name) ?? undefined);
}

function cookieOf(cookies: string | undefined, name: string): string | undefined {
  for (const pair of cookies?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
