import type { Context } from './context.ts';

/**
 * Whether who asked for a call is one of those named: the principal of the request being served, as proven, or we ourselves
 * where none is. Whoever was not proven is nobody, and only `*` means them.
 */
export function mayAsk(named: readonly string[], { history: { principal } }: Context, self: string): boolean {
  if (named.length === 0) return false;
  if (named.includes('*')) return true;
  const name = principal === undefined ? self : principal.name;
  return name !== '' && named.includes(name);
}
