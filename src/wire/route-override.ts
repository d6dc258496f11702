/** The member of baggage that sends calls elsewhere, wherever in the call graph they are made. */
export const ROUTE_MEMBER = 'inmesh.route';

const MOST = 16;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/**
 * Where calls to `service` are to go: `orders:orders-pr-7,stock:stock-2` says it for two services. Undefined where it does
 * not say, or says it in a way that can not be read.
 */
export function overrideOf(text: string | undefined, service: string): string | undefined {
  if (text === undefined || text.length > 4_096) return undefined;
  for (const pair of text.split(',', MOST)) {
    const at = pair.indexOf(':');
    if (at < 0 || pair.slice(0, at).trim() !== service) continue;
    const target = pair.slice(at + 1).trim();
    return NAME.test(target) && !target.includes('..') ? target : undefined;
  }
  return undefined;
}
