import type { Policy } from '../policy/table.ts';
import type { Cancel } from './live.ts';
import type { Principal } from './principal.ts';

/** What a request that came shows of who sent it. */
export interface Shown {
  readonly method: string;
  /** The path and query, as they came. */
  readonly path: string;
  /** Node's own request, for its connection and its body; nothing where there is none. */
  readonly incoming: unknown;
  header(name: string): string | undefined;
}

/** What came of looking at what a request shows. */
export interface Finding {
  /** Who it is, as proven; anonymous where nothing was shown, and where what was shown proves nothing. */
  readonly principal: Principal;
  /** Why a proof was refused, for the audit and for nobody who called; empty where none was. */
  readonly problem: string;
  /** The header by which who sent it may say for whom: of all about certificates that alone stands. Nothing where they may not. */
  readonly forwards: Forwarding | undefined;
}

/** By which header somebody says for whom they call: that of Envoy, or that of RFC 9440. */
export type Forwarding = 'x-forwarded-client-cert' | 'client-cert';

/** A request that is about to be signed. */
export interface Unsigned {
  /** The service called. */
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** The Content-Digest of its body (RFC 9530); nothing where it has none. */
  readonly digest: string | undefined;
}

/** How connections are made that prove who we are. */
export interface SecureClient {
  /** What `tls.connect` is told besides; `peers` are the SPIFFE IDs of which the other side has to prove one. */
  options(peers: readonly string[]): Readonly<Record<string, unknown>>;
  /** Milliseconds within which connections made before a change are to be replaced. */
  readonly replaceMs: number;
  /** Tells when certificates have changed, so that connections made with the old ones can be let go of. */
  onChange(listener: () => void): Cancel;
}

/** What is known of proofs, as plain JSON; never a secret. */
export interface IdentityFacts {
  /**
   * Whose tokens are believed, how many keys are known of each, and for how long they have stood; why they could not be
   * read when they were last looked at, or nothing.
   */
  readonly issuers: readonly {
    readonly issuer: string;
    readonly keys: number;
    readonly ageMs: number | null;
    readonly problem: string;
  }[];
  /** Tokens at hand, by whom they are for, and for how long they are good. */
  readonly tokens: readonly { readonly audience: string; readonly leftMs: number }[];
  /**
   * The certificate that we show: whom it names, for how long it is good; how many authorities we believe, and how many
   * certificates their lists have revoked. Or null.
   */
  readonly certificate: {
    readonly name: string;
    readonly leftMs: number;
    readonly authorities: number;
    readonly revoked: number;
  } | null;
  /** With whom a secret is shared. */
  readonly secrets: readonly string[];
  /** What is wrong with the files of our certificate and our key as they are now: what was in them before stands. */
  readonly problems: readonly string[];
}

/** Who we are and whom we believe: proves us to others, and finds out who they are. */
export interface Identity {
  /** Who sent a request. Never throws. */
  identify(shown: Shown, policy: Policy['identify']): Finding | Promise<Finding>;
  /** A token that proves us to `audience`. @throws MeshError UNAUTHENTICATED when there is none to be had. */
  token(audience: string, lifetimeMs: number): string | Promise<string>;
  /** Gets another token in the place of one that was refused; the same when that was done a moment ago. */
  renew(audience: string, lifetimeMs: number, refused: string): Promise<string>;
  /** The headers that sign a request. @throws MeshError UNAUTHENTICATED when no secret is shared with the service. */
  sign(request: Unsigned): Readonly<Record<string, string>>;
  /** The Content-Digest of a body, which `sign` covers. */
  digest(body: string | Uint8Array): string;
  /** How to connect; nothing where we have no certificate. */
  readonly client: SecureClient | undefined;
  /** Gives a server our certificate, now and whenever it changes, until the server closes. */
  secure(server: object): void;
  facts(): IdentityFacts;
  /** Lets go of timers and files. */
  close(): void;
}
