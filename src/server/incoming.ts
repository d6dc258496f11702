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
  if (incoming === undefined) return;
  const { headers = {}, rawHeaders = [] } = incoming as Partial<IncomingMessage>;
  if (names.some((name) => name in headers)) {
    const { headersDistinct } = incoming as Partial<IncomingMessage>; // made of the raw ones; HTTP/2 has none
    for (const name of names) {
      delete headers[name];
      delete headersDistinct?.[name];
    }
  }
  // Of more than 1,000 headers some Nodes read no more, and show the others here.
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (isOne(names, rawHeaders[at]!)) rawHeaders.splice(at, 2);
  }
}

/** Most are of another length, and nothing is to be made of them. */
const isOne = (names: readonly string[], raw: string): boolean =>
  names.some((name) => name.length === raw.length && name === raw.toLowerCase());
