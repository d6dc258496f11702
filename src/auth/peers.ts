import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Principal } from '../core/principal.ts';
import { checkDates, type Named, nameOf } from './certificate.ts';
import { believe } from './doubt.ts';
import type { Trust } from './trust.ts';

const MOST_SHOWN = 8;

/** What is known of the certificate that a connection was made with. */
interface Known {
  readonly certificate: X509Certificate;
  /** Those that were shown with it, and lead to its authority. */
  readonly shown: readonly X509Certificate[];
  readonly named: Named;
  readonly principal: Principal;
  /** By what it was looked at last: whether somebody vouches for it, and whether it has been revoked. */
  vouched: Trust | undefined;
  unrevoked: Trust | undefined;
}

/**
 * Milliseconds that connections go on when their authority is believed no more: those who made them need some time to
 * replace them, as they are told to by the same change. What is revoked ends at once.
 */
const GRACE_MS = 30_000;

/** Who calls, by the certificate that they made the connection with. Looked at once for each connection and change. */
export class Peers {
  readonly #known = new WeakMap<object, Known>();
  readonly #trust: () => Trust | undefined;

  /** `trust` says who is believed now. */
  constructor(trust: () => Trust | undefined) {
    this.#trust = trust;
  }

  /** Nobody where no certificate was shown. `now` is on the clock of the mesh. @throws Doubt when one was, and proves nothing. */
  check(incoming: unknown, trusted: readonly string[], epoch: number, now: number): Principal | undefined {
    const { socket } = (incoming ?? {}) as { readonly socket?: TLSSocket };
    if (socket?.encrypted !== true) return undefined;
    const trust = this.#trust();
    let known = this.#known.get(socket);
    if (known === undefined) {
      const shown = shownWith(socket.getPeerCertificate(true)); // first: what is next takes it away on Node 22
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return undefined;
      known = learn(certificate, shown, socket, epoch);
      if ((trust?.domains.length ?? 0) > 0) trust!.checkDomain(certificate, known.shown, known.named, epoch);
      known.vouched = trust;
      this.#known.set(socket, known);
    } else {
      checkDates(known.certificate, epoch); // a connection may outlive the certificate
      if (trust !== known.vouched) checkAgain(known, trust!, epoch, now);
    }
    checkDomain(known.named, trusted);
    return known.principal;
  }
}

function learn(
  certificate: X509Certificate,
  shown: readonly X509Certificate[],
  socket: TLSSocket,
  epoch: number,
): Known {
  const named = nameOf(certificate);
  checkDates(certificate, epoch);
  const { authorized, authorizationError: why } = socket as { authorized: boolean; authorizationError: unknown };
  believe(authorized, `no authority of ours vouches for it: ${String((why as NodeJS.ErrnoException)?.code ?? why)}`);
  const principal = principalOf(named, 'certificate');
  return { certificate, shown, named, principal, vouched: undefined, unrevoked: undefined };
}

/** Of a connection that there was before what is believed changed. */
function checkAgain(known: Known, trust: Trust, epoch: number, now: number): void {
  const { certificate, shown, named } = known;
  if (known.unrevoked !== trust) {
    trust.checkRevoked([certificate, ...shown]);
    known.unrevoked = trust;
  }
  if (now - trust.since < GRACE_MS) return;
  // Some Nodes do not show what came with a certificate (nodejs/node#65579): then nobody can tell, and its end is its own.
  const couldTell = known.vouched?.vouches(certificate, shown, named, epoch) === true;
  if (couldTell || trust.domains.length > 0) trust.checkDomain(certificate, shown, named, epoch);
  known.vouched = trust;
}

/** Those that came with a certificate, as Node links them: each by the one that has issued it. */
export function shownWith(leaf: DetailedPeerCertificate): readonly X509Certificate[] {
  const shown: X509Certificate[] = [];
  for (let at = leaf; at.issuerCertificate !== undefined && at.issuerCertificate !== at; at = at.issuerCertificate) {
    if (shown.length === MOST_SHOWN) break;
    shown.push(new X509Certificate(at.issuerCertificate.raw));
  }
  return shown;
}

/** @throws Doubt when its trust domain is not one of these. */
export function checkDomain({ trustDomain }: Named, trusted: readonly string[]): void {
  believe(trustDomain === '' || trusted.includes(trustDomain), `the trust domain '${trustDomain}' is not ours`);
}

/** The principal whom a certificate names. */
export const principalOf = ({ name, trustDomain }: Named, by: Principal['by']): Principal =>
  Object.freeze({ name, by, issuer: trustDomain, claims: NO_CLAIMS });

const NO_CLAIMS = Object.freeze({});
