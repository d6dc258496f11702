import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Principal } from '../core/principal.ts';
import { checkDates, type Named, nameOf } from './certificate.ts';
import { believe } from './doubt.ts';

/** What is known of the certificate that a connection was made with. */
interface Known {
  readonly certificate: X509Certificate;
  readonly named: Named;
  readonly principal: Principal;
}

/** Who calls, by the certificate that they made the connection with. Looked at once for each connection. */
export class Peers {
  readonly #known = new WeakMap<object, Known>();

  /** Nobody where no certificate was shown. @throws Doubt when one was, and proves nothing. */
  check(incoming: unknown, trusted: readonly string[], epoch: number): Principal | undefined {
    const { socket } = (incoming ?? {}) as { readonly socket?: TLSSocket };
    if (socket?.encrypted !== true) return undefined;
    let known = this.#known.get(socket);
    if (known === undefined) {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return undefined;
      known = learn(certificate, socket, epoch);
      this.#known.set(socket, known);
    } else checkDates(known.certificate, epoch); // a connection may outlive the certificate
    checkDomain(known.named, trusted);
    return known.principal;
  }
}

function learn(certificate: X509Certificate, socket: TLSSocket, epoch: number): Known {
  const named = nameOf(certificate);
  checkDates(certificate, epoch);
  const { authorized, authorizationError: why } = socket as { authorized: boolean; authorizationError: unknown };
  believe(authorized, `no authority of ours vouches for it: ${String((why as NodeJS.ErrnoException)?.code ?? why)}`);
  return { certificate, named, principal: principalOf(named, 'certificate') };
}

/** @throws Doubt when its trust domain is not one of these. */
export function checkDomain({ trustDomain }: Named, trusted: readonly string[]): void {
  believe(trustDomain === '' || trusted.includes(trustDomain), `the trust domain '${trustDomain}' is not ours`);
}

/** The principal whom a certificate names. */
export const principalOf = ({ name, trustDomain }: Named, by: Principal['by']): Principal =>
  Object.freeze({ name, by, issuer: trustDomain, claims: NO_CLAIMS });

const NO_CLAIMS = Object.freeze({});
