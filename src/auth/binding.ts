import { createHash, type X509Certificate } from 'node:crypto';
import { believe } from './doubt.ts';

const CERTIFICATE = 'x5t#S256'; // its SHA-256 (RFC 8705, 3.1)

/**
 * That a token is shown by whom its issuer has bound it to (`cnf`, RFC 7800): by who made the connection with that
 * certificate. To take one that is bound to another kind of key, such as that of DPoP, for one that is not bound would
 * let a thief use it (RFC 9449, 7.2). @throws Doubt
 */
export function checkBinding(cnf: unknown, certificate: X509Certificate | undefined): void {
  if (cnf === undefined) return;
  const bound = Object.entries(cnf ?? {});
  const [[kind, thumbprint] = []] = bound;
  const isKnown = bound.length === 1 && kind === CERTIFICATE && typeof thumbprint === 'string';
  believe(isKnown, 'it is bound to a key in a way that we can not check');
  const shown = certificate && createHash('sha256').update(certificate.raw).digest('base64url');
  believe(shown === thumbprint, 'it is bound to another certificate than that of the connection');
}
