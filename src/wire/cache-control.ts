/** What `Cache-Control` says, as far as it concerns a cache that many share (RFC 9111, RFC 5861). Times in milliseconds. */
export interface CacheControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly private: boolean;
  readonly public: boolean;
  /** An answer that is no longer fresh must not be given without asking: `must-revalidate`, `proxy-revalidate`. */
  readonly mustRevalidate: boolean;
  readonly maxAge: number | undefined;
  readonly sharedMaxAge: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
}

const LONGEST_S = 2 ** 31; // RFC 9111, 1.2.2: what is more is as good as this
// No two parts that stand together take blanks, or a long row of these would be tried in each way to share it.
const DIRECTIVE = /(?:^|,)\s*([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(?!\s)([^\s,]*)))?\s*(?=,|$)/g;

/** Reads `Cache-Control`. What can not be read as a time counts as none at all: the answer is stale at once. */
export function parseCacheControl(text: string): CacheControl {
  const said = new Map<string, string>();
  for (const [, name, quoted, plain] of text.matchAll(DIRECTIVE)) {
    const key = name!.toLowerCase();
    if (!said.has(key)) said.set(key, quoted ?? plain ?? '');
  }
  const ms = (name: string): number | undefined => {
    const value = said.get(name);
    if (value === undefined) return undefined;
    return /^\d+$/.test(value) ? Math.min(Number(value), LONGEST_S) * 1_000 : 0;
  };
  return {
    noStore: said.has('no-store'),
    noCache: said.has('no-cache'),
    private: said.has('private'),
    public: said.has('public'),
    mustRevalidate: said.has('must-revalidate') || said.has('proxy-revalidate'),
    maxAge: ms('max-age'),
    sharedMaxAge: ms('s-maxage'),
    staleWhileRevalidate: ms('stale-while-revalidate'),
    staleIfError: ms('stale-if-error'),
  };
}
