import { believe } from './doubt.ts';

/** The bytes that a signature is over, as text (RFC 9421, 2.5). @throws Doubt when a component is not there. */
export function signatureBase(
  components: readonly string[],
  raw: string,
  valueAt: (name: string) => string | undefined,
): string {
  const lines = components.map((name) => {
    const value = valueAt(name);
    believe(value !== undefined, 'it signs what is not there');
    return `"${name}": ${value}\n`;
  });
  return `${lines.join('')}"@signature-params": ${raw}`;
}

/** What a request says of itself outside its headers (RFC 9421, 2.2), as far as we take it; nothing for all else. */
export function derived(name: string, method: string, path: string): string | undefined {
  const query = path.indexOf('?');
  if (name === '@method') return method;
  if (name === '@path') return query < 0 ? path : path.slice(0, query);
  return name === '@query' ? (query < 0 ? '?' : path.slice(query)) : undefined;
}
