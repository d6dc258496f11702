import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { believe } from './doubt.ts';

const KNOWN = /(?:^|,)\s*sha-(256|512)=:([A-Za-z0-9+/]{43,86}={0,2}):\s*(?=,|$)/;

const PROTOCOL_ERROR = 1; // of HTTP/2 (RFC 9113, 7)

/** Whether a request has a body, as far as its headers tell. */
export function hasBody(incoming: IncomingMessage): boolean {
  const { stream } = incoming as { readonly stream?: { readonly endAfterHeaders?: boolean } };
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  // Of HTTP/2 what says that it has no length may end behind its headers, and has nothing there: more would be malformed.
  if (stream !== undefined) return stream.endAfterHeaders !== true && length !== '0';
  return (length ?? '0') !== '0' || encoding !== undefined;
}

/** The first digest of a Content-Digest that we can check. @throws Doubt when there is none. */
export function readDigest(header: string): { readonly algorithm: string; readonly digest: Buffer } {
  const [, bits, digest] = KNOWN.exec(header) ?? [];
  believe(digest !== undefined, 'content-digest has none that we know');
  return { algorithm: `sha${bits}`, digest: Buffer.from(digest, 'base64') };
}

/**
 * Sees to it that the body is the one that a Content-Digest is of (RFC 9530): whoever reads it never comes to its end
 * otherwise. `fail` is told, and says whether it is to be broken off. @throws Doubt when it can not be seen to.
 */
export function guardBody(incoming: IncomingMessage, header: string, fail: () => boolean): void {
  const { algorithm, digest: wanted } = readDigest(header);
  const hash = createHash(algorithm);
  if (!hasBody(incoming)) {
    believe(hash.digest().equals(wanted), 'it has no body, and content-digest is of one');
    return;
  }
  believe(incoming.readableLength === 0 && !incoming.complete, 'its body was there before it could be looked at');
  const push = incoming.push.bind(incoming);
  let ended = false; // HTTP/2 says so twice
  incoming.push = (chunk, encoding) => {
    if (ended) return push(chunk, encoding);
    if (chunk !== null) hash.update(chunk);
    else {
      ended = true;
      if (!hash.digest().equals(wanted) && fail()) {
        incoming.push = () => false;
        breakOff(incoming, new Error('the body is not the one that was signed'));
        return false;
      }
    }
    return push(chunk, encoding);
  };
}

/**
 * Ends a request that can not go on. Of HTTP/2 it would say so as an error that ends the process where the handler does
 * not listen for any, as it need not with HTTP/1; and its stream would stay open, with whoever waits for an answer.
 */
function breakOff(incoming: IncomingMessage, error: Error): void {
  const { stream } = incoming as { readonly stream?: ServerHttp2Stream };
  incoming.on('error', () => {});
  incoming.destroy(error);
  stream?.close(PROTOCOL_ERROR);
}

/** The Content-Digest of a body. */
export const digestOf = (body: string | Uint8Array): string =>
  `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
