import { Buffer } from 'node:buffer';
import { believe } from './doubt.ts';
import { parseStrict } from './strict-json.ts';

const LONGEST = 8_192; // characters; Node takes 16 kB of headers in all

/** What the header of a token says, and the rest of it, not yet looked at. */
export interface Sealed {
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly type: string | undefined;
  readonly payload: Uint8Array;
}

/** What a token says, read and not yet believed. */
export interface Compact extends Omit<Sealed, 'payload'> {
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Reads a token. @throws Doubt when it is none, or what it holds is no JSON object. */
export function readCompact(token: string): Compact {
  const { payload, ...header } = readSealed(token);
  return { ...header, claims: parseStrict(payload) };
}

/**
 * Reads the header of what is signed in the one form that we take: JWS Compact Serialization (RFC 7515, 7.1), in canonical
 * base64url. Keys that it brings itself (`jwk`, `jku`, `x5c`, `x5u`) are not looked at. @throws Doubt
 */
export function readSealed(token: string): Sealed {
  believe(token.length <= LONGEST, 'it is too long');
  const parts = token.split('.', 4);
  believe(parts.length === 3, 'it has not three parts');
  const [head, body, signature] = parts as [string, string, string];
  believe(decode(signature).length > 0, 'it has no signature');
  const header = parseStrict(decode(head));
  const { alg, kid, typ } = header;
  believe(typeof alg === 'string', 'it names no algorithm');
  believe(kid === undefined || (typeof kid === 'string' && kid.length <= 256), 'its key id is no short text');
  believe(typ === undefined || typeof typ === 'string', 'its type is no text');
  believe(!('crit' in header) && !('b64' in header), 'it demands extensions');
  return { algorithm: alg, kid, type: typ, payload: decode(body) };
}

/** Bytes of base64url that can be written in no other way: no padding, no spare bits, no foreign characters. */
function decode(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  believe(bytes.toString('base64url') === text, 'it is not canonical base64url');
  return bytes;
}
