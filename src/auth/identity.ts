import type { Server } from 'node:tls';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Finding, Identity, IdentityFacts, SecureClient, Shown, Unsigned } from '../core/identity.ts';
import { ANONYMOUS, type Principal } from '../core/principal.ts';
import type { Policy } from '../policy/table.ts';
import { checkBinding } from './binding.ts';
import { Certificates } from './certificates.ts';
import { digestOf } from './digest.ts';
import { Doubt } from './doubt.ts';
import { forwardedBy, forwardingOf } from './forwarded.ts';
import { jose } from './jose.ts';
import { minting, unusable } from './mint.ts';
import { checkIdentity, type IdentityOptions, type IssuerOptions } from './options.ts';
import { OwnTokens } from './own-tokens.ts';
import { Peers } from './peers.ts';
import { ProofNews } from './proof-news.ts';
import { SignedRequests } from './signed.ts';
import { keySet } from './sources.ts';
import { type Issuer, Tokens, type Wanted as WantedOfTokens } from './tokens.ts';

const DAY_MS = 24 * 3_600_000;
const NONE: readonly string[] = [];
const BEARER = /^bearer(?: |$)/i;
const SCHEME = 'bearer';
const BLANK = 32;

type Wanted = Policy['identify'];

/**
 * Opens all that proves who we are, and by which others prove who they are.
 * @throws MeshError INVALID_ARGUMENT when an option, a key or a certificate can not be used.
 */
export async function openIdentity(env: Env, service: string, options: IdentityOptions): Promise<Identity> {
  checkIdentity(options);
  const { issuers = [], token, certificate, secrets = {} } = options;
  if (issuers.length > 0) await jose(); // who is to believe tokens must not find out with the first one that it can not
  const tokens = new Tokens(
    env,
    issuers.map((issuer) => issuerOf(env, service, issuer)),
  );
  const certificates = certificate && (await Certificates.open(env, service, certificate));
  try {
    const { make, ...key } = await makingOf(env, service, token);
    const own = make && new OwnTokens(env.clock, make);
    return new Proofs(env, service, {
      tokens,
      certificates,
      own,
      key,
      signed: new SignedRequests(env, service, secrets),
    });
  } catch (error) {
    certificates?.close();
    throw error;
  }
}

async function makingOf(env: Env, service: string, token: IdentityOptions['token']) {
  if (token === undefined || typeof token === 'function')
    return { make: token, problem: () => undefined, close: () => {} };
  try {
    return await minting(env, service, token);
  } catch (error) {
    throw MeshError.is(error) ? error : new MeshError('request', unusable(error));
  }
}

function issuerOf(env: Env, service: string, options: IssuerOptions): Issuer {
  const { issuer, keys, type, name = 'sub', maxLifetimeMs = DAY_MS } = options;
  // Services that make their own tokens must not be able to make those of one another.
  const { names = issuer.includes('://') ? undefined : [issuer] } = options;
  try {
    const news = new ProofNews(env, { service, what: 'issuer', issuer });
    return { issuer, keys: keySet(env, keys, news), type, name, names, longestS: maxLifetimeMs / 1_000 };
  } catch (error) {
    throw new MeshError('request', `identity.issuers: the keys of '${issuer}': ${(error as Error).message}`);
  }
}

interface Parts {
  readonly tokens: Tokens;
  readonly certificates: Certificates | undefined;
  readonly own: OwnTokens | undefined;
  readonly signed: SignedRequests;
  /** That of our own tokens. */
  readonly key: { readonly problem: () => unknown; readonly close: () => void };
}

class Proofs implements Identity {
  readonly #env: Env;
  readonly #service: string;
  readonly #parts: Parts;
  readonly #peers: Peers;
  readonly #made = new WeakMap<Wanted, WantedOfTokens>();

  constructor(env: Env, service: string, parts: Parts) {
    this.#env = env;
    this.#service = service;
    this.#parts = parts;
    this.#peers = new Peers(() => parts.certificates?.trust);
  }

  get client(): SecureClient | undefined {
    return this.#parts.certificates;
  }

  /** All that is shown must be good. Who is known by several proofs goes by the one that says most of the request. */
  identify(shown: Shown, wanted: Wanted): Finding | Promise<Finding> {
    try {
      const epoch = this.#env.clock.epoch();
      const trusted = this.#trusted(wanted);
      const peer = this.#peers.check(shown.incoming, trusted, epoch, this.#env.clock.now());
      const signer = this.#parts.signed.check(shown, wanted.mode === 'enforce');
      const bearer = this.#bearer(shown, wanted);
      const settle = (token: Principal | undefined): Finding => {
        if (token !== undefined) checkBinding(token.claims.cnf, this.#peers.certificateOf(shown.incoming));
        const principal = token ?? signer ?? peer ?? ANONYMOUS;
        return this.#forwarded(shown, wanted, trusted, principal);
      };
      return bearer instanceof Promise ? bearer.then(settle).catch(doubtful) : settle(bearer);
    } catch (error) {
      return doubtful(error);
    }
  }

  token(audience: string, lifetimeMs: number): string | Promise<string> {
    return this.#own(audience).get(audience, lifetimeMs);
  }

  async renew(audience: string, lifetimeMs: number, refused: string): Promise<string> {
    return this.#own(audience).renew(audience, lifetimeMs, refused);
  }

  sign(request: Unsigned): Readonly<Record<string, string>> {
    return this.#parts.signed.sign(request);
  }

  digest(body: string | Uint8Array): string {
    return digestOf(body);
  }

  secure(server: object): void {
    if ('setSecureContext' in server) this.#parts.certificates?.secure(server as Server);
  }

  facts(): IdentityFacts {
    const { tokens, certificates, own, key, signed } = this.#parts;
    const certificate = certificates && {
      name: certificates.named.name,
      leftMs: Math.max(0, certificates.until - this.#env.clock.epoch()),
      ...certificates.trust.facts,
    };
    const problem = key.problem();
    const problems = [certificates?.problem ?? '', problem === undefined ? '' : unusable(problem)];
    return {
      issuers: tokens.facts,
      tokens: own?.facts ?? [],
      certificate: certificate ?? null,
      secrets: signed.names,
      problems: problems.filter((one) => one !== ''),
    };
  }

  close(): void {
    this.#parts.certificates?.close();
    this.#parts.own?.close();
    this.#parts.key.close();
  }

  #bearer(shown: Shown, wanted: Wanted): Principal | undefined | Promise<Principal> {
    const authorization = shown.header('authorization');
    if (authorization === undefined || this.#parts.tokens.issuers === 0) return undefined; // it may be for others
    const token = tokenIn(authorization);
    return token === undefined ? undefined : this.#parts.tokens.check(token, this.#ofTokens(wanted));
  }

  /** Made once for each policy: a token that was looked at by it is good by it. */
  #ofTokens(wanted: Wanted): WantedOfTokens {
    let made = this.#made.get(wanted);
    if (made === undefined) {
      const { audiences, issuers } = wanted;
      made = { audiences: audiences.length > 0 ? audiences : [this.#service], issuers };
      this.#made.set(wanted, made);
    }
    return made;
  }

  /** Who may say for whom it calls, and says so, is taken at its word: in the one header that it writes itself. */
  #forwarded(shown: Shown, { forwarders }: Wanted, trusted: readonly string[], by: Principal): Finding {
    const forwards = by.by === 'nothing' ? undefined : forwardingOf(by.name, forwarders);
    if (forwards !== undefined && by.by === 'token') this.#parts.tokens.checkForwarder(by);
    const epoch = this.#env.clock.epoch();
    const principal =
      forwards && forwardedBy(shown, forwards, { trusted, epoch, trust: this.#parts.certificates?.trust });
    return { principal: principal ?? by, problem: '', forwards };
  }

  #trusted({ trustDomains }: Wanted): readonly string[] {
    if (trustDomains.length > 0) return trustDomains;
    return this.#parts.certificates?.domains ?? NONE;
  }

  #own(audience: string): OwnTokens {
    const { own } = this.#parts;
    if (own === undefined) throw new MeshError('authenticate', `${audience}: there is no identity.token to show`);
    return own;
  }
}

const doubtful = (error: unknown): Finding => ({
  principal: ANONYMOUS,
  problem: error instanceof Doubt ? error.message : `it could not be looked at: ${(error as Error)?.name}`,
  forwards: undefined,
});

/** What stands behind `Bearer`; nothing where another scheme is named. */
function tokenIn(authorization: string): string | undefined {
  if (!BEARER.test(authorization)) return undefined;
  let from = SCHEME.length;
  while (authorization.charCodeAt(from) === BLANK) from++;
  return authorization.slice(from);
}
