import { MeshError } from '../core/errors.ts';

/** Whose tokens are believed. */
export interface IssuerOptions {
  /** What a token says as `iss`, to the letter. */
  readonly issuer: string;
  /**
   * Its public keys, a JSON Web Key Set: an https URL (asked again after 10 minutes, and for keys not known), the path of
   * a file (read again when it changes), or the set itself.
   */
  readonly keys: string | URL | { readonly keys: readonly object[] };
  /** The type (`typ`) that its tokens must have; `JWT`, `JOSE`, `at+jwt` or none unless told. */
  readonly type?: string | undefined;
  /** The claim that names who a token is about; `sub` unless told. */
  readonly name?: string | undefined;
  /**
   * Whom its tokens may name: names, or prefixes and suffixes such as `spiffe://prod.example/*`. Unless told, an issuer that
   * is a URL may name anybody but workloads of SPIFFE and those who may forward (`identify.forwarders`), and one that is not,
   * such as a service that makes its own tokens, itself alone.
   */
  readonly names?: readonly string[] | undefined;
  /** Milliseconds that a token may be good for, from its issue to its end; a day unless told. */
  readonly maxLifetimeMs?: number | undefined;
}

/** A key of our own, with which we make tokens. */
export interface MintOptions {
  /** What the tokens say as `iss`; the name of our service unless told. */
  readonly issuer?: string | undefined;
  /** Whom they name as `sub`; the name of our service unless told. */
  readonly subject?: string | undefined;
  /** The path of a private key, PKCS #8 in PEM or a JSON Web Key; it is read again when it changes. */
  readonly key: string;
  /** What others know the key by; that of the JSON Web Key, else its thumbprint (RFC 7638). */
  readonly kid?: string | undefined;
}

/** A key that we may only use, such as one of a KMS. */
export interface SignOptions extends Omit<MintOptions, 'key' | 'kid'> {
  /** The id of the key, which stands in the head of the token. */
  readonly kid: string;
  /** Such as `ES256`. */
  readonly algorithm: string;
  /** Signs bytes within 10 s, as JWS wants it: of ECDSA, r and s one behind the other. */
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
}

/** Gets a token for an audience from elsewhere, within 10 s: an exchange (RFC 8693), a metadata server, a file. */
export type Exchange = (audience: string) => Promise<{ readonly token: string; readonly expiresInMs: number }>;

/** A certificate of ours, in files that are read again when they change; PEM. */
export interface CertificateOptions {
  /** The certificate, and behind it those that lead to the authority. */
  readonly cert: string;
  /** The private key of `cert`. */
  readonly key: string;
  /** The authorities that are believed: those of our own trust domain, where `bundles` has those of others. */
  readonly ca: string;
  /**
   * Lists of revoked certificates (CRL), a file or several. Who stands on one is refused, also over a connection that there
   * was before. Every authority needs one that has not ended, or nobody that it vouches for is believed.
   */
  readonly crl?: string | readonly string[] | undefined;
  /**
   * The authorities of other trust domains, a file for each domain (SPIFFE federation). A certificate of such a domain
   * must be vouched for by these, and they vouch for that domain alone. Its members are believed unless
   * `identify.trustDomains` says otherwise. An authority in between must stand there, too, on Nodes that do not show what
   * came with a certificate (nodejs/node#65579: 24.21, 26.8).
   */
  readonly bundles?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds within which connections made with an old certificate give way to new ones; 10 000 unless told. */
  readonly replaceMs?: number | undefined;
}

/** Who we are, and whom we believe: keys and secrets. What is asked for by them is policy. */
export interface IdentityOptions {
  /** Whose tokens are believed. */
  readonly issuers?: readonly IssuerOptions[] | undefined;
  /** Where the tokens come from that we show: made by ourselves, or by a function of yours. */
  readonly token?: MintOptions | SignOptions | Exchange | undefined;
  /** The certificate that we show, as a client and as a server. */
  readonly certificate?: CertificateOptions | undefined;
  /**
   * Secrets for signed requests, of 32 bytes and more, by the name of the service each is shared with. Of several the
   * first signs, and all are believed.
   */
  readonly secrets?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

const KEYS = ['issuers', 'token', 'certificate', 'secrets'];
const ISSUER_KEYS = ['issuer', 'keys', 'type', 'name', 'names', 'maxLifetimeMs'];
const TOKEN_KEYS = ['issuer', 'subject', 'key', 'kid', 'algorithm', 'sign'];
const CERTIFICATE_KEYS = ['cert', 'key', 'ca', 'crl', 'bundles', 'replaceMs'];
const CONTENTS = /-----BEGIN |^\s*\{|\n/; // PEM, a JSON Web Key, or a set of them
const FILES = ['cert', 'key', 'ca'];
const NAMES = /^(?:\*|\*?[^*]+|[^*]+\*)$/;
const LEAST_SECRET = 32;
const DOMAIN = /^[a-z0-9._-]{1,255}$/;
const LONGEST_REPLACE = 3_600_000;

/** Checks what is given as `identity`; says nothing of what stands in it. @throws MeshError INVALID_ARGUMENT */
export function checkIdentity(options: unknown): asserts options is IdentityOptions {
  const { issuers = [], token, certificate, secrets = {} } = known(options, KEYS, 'identity');
  if (!Array.isArray(issuers)) throw bad('identity.issuers must be a list');
  for (const [at, issuer] of issuers.entries()) checkIssuer(issuer, `identity.issuers[${at}]`);
  const names = issuers.map(({ issuer }) => issuer);
  if (new Set(names).size < names.length) throw bad('identity.issuers must name each issuer once');
  if (token !== undefined && typeof token !== 'function') checkToken(token);
  if (certificate !== undefined) checkCertificate(certificate, 'identity.certificate');
  for (const [name, secret] of Object.entries(known(secrets, undefined, 'identity.secrets'))) {
    const each: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
    const long = each.every((one) => typeof one === 'string' && Buffer.byteLength(one) >= LEAST_SECRET);
    if (each.length === 0 || !long)
      throw bad(`identity.secrets.${name} must be text of ${LEAST_SECRET} bytes and more`);
  }
}

function checkIssuer(options: unknown, path: string): void {
  const { issuer, keys, type, name, names, maxLifetimeMs } = known(options, ISSUER_KEYS, path);
  text(issuer, `${path}.issuer`);
  if (keys === undefined) throw bad(`${path}.keys must be a URL, the path of a file or a key set`);
  if (typeof keys === 'string') file(keys, `${path}.keys`);
  if (type !== undefined) text(type, `${path}.type`);
  if (name !== undefined) text(name, `${path}.name`);
  if (names !== undefined) checkNames(names, `${path}.names`);
  const positive = maxLifetimeMs === undefined || (typeof maxLifetimeMs === 'number' && maxLifetimeMs > 0);
  if (!positive) throw bad(`${path}.maxLifetimeMs must be a number above 0`);
}

function checkNames(names: unknown, path: string): void {
  const fit =
    Array.isArray(names) && names.length > 0 && names.every((one) => typeof one === 'string' && NAMES.test(one));
  if (!fit) throw bad(`${path} must be a list of names such as 'checkout', 'spiffe://prod/*'; a * only at one end`);
}

function checkCertificate(options: unknown, path: string): void {
  const said = known(options, CERTIFICATE_KEYS, path);
  const { crl = [], bundles = {}, replaceMs = 0 } = said;
  for (const name of FILES) file(said[name], `${path}.${name}`);
  for (const one of [crl].flat()) file(one, `${path}.crl`);
  for (const [domain, authorities] of Object.entries(known(bundles, undefined, `${path}.bundles`))) {
    if (!DOMAIN.test(domain)) throw bad(`${path}.bundles: '${domain}' is no SPIFFE trust domain`);
    file(authorities, `${path}.bundles['${domain}']`);
  }
  const fits = typeof replaceMs === 'number' && replaceMs >= 0 && replaceMs <= LONGEST_REPLACE;
  if (!fits) throw bad(`${path}.replaceMs must be a number from 0 to ${LONGEST_REPLACE}`);
}

function checkToken(options: unknown): void {
  const { issuer, subject, key, kid, algorithm, sign } = known(options, TOKEN_KEYS, 'identity.token');
  for (const [name, value] of Object.entries({ issuer, subject, kid })) {
    if (value !== undefined) text(value, `identity.token.${name}`);
  }
  if (sign === undefined) {
    file(key, 'identity.token.key');
    return;
  }
  if (typeof sign !== 'function' || key !== undefined) throw bad('identity.token has a key, or a function sign');
  text(kid, 'identity.token.kid');
  text(algorithm, 'identity.token.algorithm');
}

function known(value: unknown, keys: readonly string[] | undefined, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${path} must be an object`);
  const odd = keys && Object.keys(value).find((key) => !keys.includes(key));
  if (odd !== undefined) throw bad(`${path}: no such field '${odd}'; there are ${keys!.join(', ')}`);
  return value as Record<string, unknown>;
}

function text(value: unknown, path: string): void {
  if (typeof value !== 'string' || value === '') throw bad(`${path} must be text`);
}

/** What secret managers and variables of the environment hold is no path, and no error may show it. */
function file(value: unknown, path: string): void {
  text(value, path);
  if (CONTENTS.test(value as string)) throw bad(`${path} must be the path of a file, and not what stands in it`);
}

const bad = (message: string): MeshError => new MeshError('request', message);
