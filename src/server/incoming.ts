import type { IncomingMessage } from 'node:http';
import type { Arrival } from './arrival.ts';

/** Node's own request under a request that came; nothing where it came by no server of Node's. */
export function incomingOf({ incoming, request }: Arrival): IncomingMessage | undefined {
  if (incoming !== undefined) return incoming;
  return typeof request === 'object' && request !== null && 'rawHeaders' in request
    ? (request as IncomingMessage)
    : undefined;
}

/** Takes headers away, in every form in which who answers might see them. */
export function hide(arrival: Arrival, names: readonly string[]): void {
  arrival.hide?.(names);
  const incoming = incomingOf(arrival);
  if (incoming === undefined || !names.some((name) => name in incoming.headers)) return;
  const { headers, rawHeaders, headersDistinct } = incoming as Partial<IncomingMessage>; // HTTP/2 has not all
  for (const name of names) {
    delete headers?.[name];
    delete headersDistinct?.[name];
  }
  for (let at = rawHeaders!.length - 2; at >= 0; at -= 2) {
    if (names.includes(rawHeaders![at]!.toLowerCase())) rawHeaders!.splice(at, 2);
  }
}
