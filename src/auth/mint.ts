import { Buffer } from 'node:buffer';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import type { Env } from '../core/env.ts';
import { Files } from '../core/files.ts';
import type { Random } from '../core/random.ts';
import { jose } from './jose.ts';
import type { MintOptions, SignOptions } from './options.ts';
import type { Make } from './own-tokens.ts';
import { ProofNews } from './proof-news.ts';

/** Makes the compact form of a token, with a key that others know by its id. */
type Seal = (claims: object) => Promise<string>;

/** Makes tokens, and looks after the key that they are made with. */
interface Minting {
  readonly make: Make;
  /** What is wrong with the file of the key as it is now; nothing where nothing is. */
  readonly problem: () => unknown;
  /** Looks after it no more. */
  readonly close: () => void;
}

/** Makes tokens with a key of our own. @throws when the key can not be used. */
export async function minting(env: Env, service: string, options: MintOptions | SignOptions): Promise<Minting> {
  const { issuer = service, subject = service } = options;
  if ('sign' in options)
    return { make: maker(env, issuer, subject, () => sealBy(options)), problem: () => undefined, close: () => {} };
  let current: Seal | undefined;
  let latest: Promise<Seal> | undefined;
  let problem: unknown;
  const news = new ProofNews(env, { service, what: 'token' });
  const trouble = (error: unknown): void => {
    problem = error; // the one before stays
    if (current !== undefined) news.bad(unusable(error));
  };
  const take = ([content]: readonly string[]): void => {
    const next = trial(sealWith(readKey(content!), options.kid));
    latest = next;
    next.then(
      (seal) => {
        if (latest !== next) return;
        current = seal;
        problem = undefined;
        news.good();
      },
      (error) => {
        if (latest === next) trouble(error); // of one that has been replaced meanwhile, nobody needs to know
      },
    );
  };
  const files = new Files(env.clock, [options.key], take, trouble);
  const close = await files.open();
  try {
    await latest;
  } catch (error) {
    close();
    throw error;
  }
  return { make: maker(env, issuer, subject, () => current!), problem: () => problem, close };
}

/** Says why a key can not be used by the code alone: the words may tell of the key. */
export function unusable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return `identity.token: the key can not be used${code === undefined ? '' : `: ${code}`}`;
}

/** A key that can not sign shows now, and not with the first token that is wanted. */
async function trial(made: Promise<Seal>): Promise<Seal> {
  const seal = await made;
  await seal({});
  return seal;
}

function maker({ clock, random }: Env, issuer: string, subject: string, current: () => Seal): Make {
  return async (audience, lifetimeMs) => {
    const iat = Math.floor(clock.epoch() / 1_000);
    const exp = iat + Math.ceil(lifetimeMs / 1_000);
    const seal = current();
    const token = await seal({ iss: issuer, sub: subject, aud: audience, iat, exp, jti: unique(random) });
    return { token, expiresInMs: lifetimeMs };
  };
}

/** Of a key that signs elsewhere. */
const sealBy =
  ({ kid, algorithm, sign }: SignOptions): Seal =>
  async (claims) => {
    const input = `${encode({ alg: algorithm, typ: 'JWT', kid })}.${encode(claims)}`;
    return `${input}.${Buffer.from(await sign(Buffer.from(input))).toString('base64url')}`;
  };

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** 128 bits that no two tokens share; they need not be a secret. */
export const unique = ({ bits }: Random): string =>
  Array.from({ length: 4 }, () => bits().toString(16).padStart(8, '0')).join('');

interface PrivateKey {
  readonly key: KeyObject;
  readonly kid: string | undefined;
  readonly algorithm: string;
}

function readKey(content: string): PrivateKey {
  const text = content.trim();
  const jwk = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  const key = createPrivateKey(jwk === undefined ? text : { key: jwk as JWK, format: 'jwk' });
  const algorithm = typeof jwk?.alg === 'string' ? jwk.alg : algorithmOf(key);
  return { key, kid: typeof jwk?.kid === 'string' ? jwk.kid : undefined, algorithm };
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  const algorithm = type === 'ed25519' ? 'EdDSA' : type === 'rsa' ? 'RS256' : CURVES[details?.namedCurve ?? ''];
  if (algorithm === undefined) throw new TypeError(`there is no algorithm for a key of kind ${type}`);
  return algorithm;
}

/** Of a key that we have. */
async function sealWith({ key, kid, algorithm }: PrivateKey, told: string | undefined): Promise<Seal> {
  const { calculateJwkThumbprint, CompactSign } = await jose();
  const known = told ?? kid ?? (await calculateJwkThumbprint(key.export({ format: 'jwk' }) as JWK));
  return (claims) =>
    new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: known })
      .sign(key);
}
