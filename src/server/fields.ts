/** Headers as any server gives them: node:http's, a `Headers`, or a plain object with lower-case names. */
export type IncomingHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null };

/** One header; one that stands there several times is none, since nobody could tell which is meant. */
export function field(headers: IncomingHeaders, name: string): string | undefined {
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  if (typeof value === 'string') return value;
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  if (value === undefined) return undefined;
  return name === 'tracestate' ? value.join(',') : undefined; // the one of ours that is a list
}
