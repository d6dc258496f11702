import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Principal } from '../core/principal.ts';
import { checkDates, type Named, nameOf } from './certificate.ts';
import { believe } from './doubt.ts';
import { type Chain, nobodyVouches, type Trust } from './trust.ts';

const MOST_SHOWN = 8;

/** What is known of the certificate that a connection was made with. */
interface Known extends Chain {
  readonly principal: Principal;
  /** By what it was looked at last, and until when it is good by that, on the clock of the mesh. */
  trust: Trust | undefined;
  end: number;
}

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
    const { socket } = (incoming ?? {}) as Incoming;
    if (socket?.encrypted !== true) return undefined;
    const connection = connectionOf(incoming as Incoming)!;
    const known = this.#known.get(connection) ?? learn(socket, epoch);
    if (known === undefined) return undefined;
    this.#known.set(connection, known);
    checkDates(known.leaf, epoch); // a connection may outlive the certificate
    const trust = this.#trust();
    if (trust !== undefined) checkTrust(known, trust, epoch, now);
    checkDomain(known.named, trusted);
    return known.principal;
  }

  /** The certificate of a connection that was looked at; nothing where there is none. */
  certificateOf(incoming: unknown): X509Certificate | undefined {
    const connection = connectionOf((incoming ?? {}) as Incoming);
    return connection && this.#known.get(connection)?.leaf;
  }
}

/** What is used of a request of Node's. */
interface Incoming {
  readonly socket?: TLSSocket;
  readonly stream?: { readonly session?: object };
}

/** Of HTTP/2 each request has a socket of its own, and all have one session. */
const connectionOf = ({ socket, stream }: Incoming): object | undefined => stream?.session ?? socket;

function learn(socket: TLSSocket, epoch: number): Known | undefined {
  const shown = shownWith(socket.getPeerCertificate(true)); // first: what is next takes it away on Node 22
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const named = nameOf(leaf);
  checkDates(leaf, epoch);
  const { authorized, authorizationError: why } = socket as { authorized: boolean; authorizationError: unknown };
  // Who shows another certificate in the midst of a connection (renegotiation, TLS 1.2) stays authorized by the first.
  const isGood = authorized && (why === null || why === undefined);
  believe(isGood, `no authority of ours vouches for it: ${String((why as NodeJS.ErrnoException)?.code ?? why)}`);
  return { leaf, shown, named, principal: principalOf(named, 'certificate'), trust: undefined, end: 0 };
}

/** The connection may have been made before what is believed now was, also where this is the first that it asks. */
function checkTrust(known: Known, trust: Trust, epoch: number, now: number): void {
  if (known.trust !== trust) {
    trust.checkRevoked([known.leaf, ...known.shown]);
    known.end = trust.endOf(known, epoch);
    known.trust = trust;
  }
  believe(now < known.end, nobodyVouches(known.named));
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
