import { Buffer } from 'node:buffer';
import type { JWK } from 'jose';

/** A key that signatures are checked with. */
export interface Key {
  readonly kid: string | undefined;
  /** Its public members only. */
  readonly jwk: JWK;
  /** What it may be used with, which follows from what it is: a token has no say in it. */
  readonly algorithms: readonly string[];
}

const MOST_KEYS = 100;
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVES: Readonly<Record<string, readonly string[]>> = {
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'EC P-521': ['ES512'],
  'OKP Ed25519': ['EdDSA', 'Ed25519'],
};
const LEAST_MODULUS = 256; // bytes: 2 048 bits
const USES = [undefined, 'sig', 'jwt-svid'];

/**
 * The keys of a JSON Web Key Set that signatures can be checked with; others are passed over: secrets, keys for
 * encryption, kinds that we do not know. @throws TypeError when there is none, or it is no set.
 */
export function readKeys(set: unknown): readonly Key[] {
  const listed = (set as { readonly keys?: unknown } | null | undefined)?.keys;
  if (!Array.isArray(listed)) throw new TypeError('it is no JSON Web Key Set');
  if (listed.length > MOST_KEYS) throw new TypeError(`it has ${listed.length} keys; ${MOST_KEYS} is the most`);
  const keys = listed.flatMap((jwk) => readKey(jwk) ?? []);
  if (keys.length === 0) throw new TypeError('it has no key for signatures');
  return keys;
}

function readKey(jwk: unknown): Key | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, crv, kid, alg, use, key_ops: doing, n, e, x, y } = jwk as Readonly<Record<string, unknown>>;
  if (!(USES as unknown[]).includes(use) || !mayVerify(doing)) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  const able = kty === 'RSA' ? (isLong(n) && isSafe(e) ? RSA : []) : (CURVES[`${String(kty)} ${String(crv)}`] ?? []);
  const algorithms = able.filter((one) => alg === undefined || alg === one);
  if (algorithms.length === 0) return undefined;
  const said = Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => typeof value === 'string');
  return { kid, jwk: Object.freeze(Object.fromEntries(said)) as unknown as JWK, algorithms };
}

const mayVerify = (doing: unknown): boolean =>
  doing === undefined || (Array.isArray(doing) && doing.includes('verify'));

const isLong = (modulus: unknown): boolean =>
  typeof modulus === 'string' && Buffer.from(modulus, 'base64url').length >= LEAST_MODULUS;

/** With 1 for an exponent each signature is good, and an even one is none. */
function isSafe(exponent: unknown): boolean {
  if (typeof exponent !== 'string') return false;
  const bytes = Buffer.from(exponent, 'base64url');
  const isOdd = ((bytes.at(-1) ?? 0) & 1) === 1;
  return isOdd && bytes[0] !== 0 && (bytes.length > 1 || bytes[0]! > 1);
}
