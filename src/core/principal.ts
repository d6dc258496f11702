/** Who calls, as proven. */
export interface Principal {
  /** The name that was proven, such as `checkout` or `spiffe://prod/checkout`; empty when nothing was. */
  readonly name: string;
  /** What proved it. */
  readonly by: 'nothing' | 'token' | 'certificate' | 'signature' | 'forwarder';
  /** Who vouches for it: the issuer of the token, the trust domain of the certificate; empty when nobody does. */
  readonly issuer: string;
  /** What the token says besides; empty for all else. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Who calls when nothing was proven. */
export const ANONYMOUS: Principal = Object.freeze({ name: '', by: 'nothing', issuer: '', claims: Object.freeze({}) });
