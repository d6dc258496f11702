import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { checkDates, type Named } from './certificate.ts';
import { elements, extension, INTEGER, inside } from './der.ts';
import { believe } from './doubt.ts';
import { identityOf, revokedBy } from './revocations.ts';

const BASIC_CONSTRAINTS = '551d13'; // 2.5.29.19
const NAME_CONSTRAINTS = '551d1e'; // 2.5.29.30

/** Whom we believe, as files have it. */
export interface TrustFiles {
  /** Our own authorities, PEM. */
  readonly ca: string;
  /** The authorities of other trust domains, PEM, by the name of the domain. */
  readonly bundles: ReadonlyMap<string, string>;
  /** Lists of revoked certificates, PEM, each with one or more. */
  readonly lists: readonly string[];
}

/** Who may vouch for whom, at one time: the authorities of each trust domain, and what they have revoked. */
export class Trust {
  /** When it came into force, on the clock of the mesh. */
  readonly since: number;
  /** All authorities and all lists, for TLS; that knows no domains. */
  readonly ca: string;
  readonly crl: readonly string[];
  readonly #own: readonly X509Certificate[];
  readonly #bundles: ReadonlyMap<string, readonly X509Certificate[]>;
  readonly #revoked: ReadonlySet<string>;

  /** @throws when one of them can not be read. */
  constructor({ ca, bundles, lists }: TrustFiles, since: number) {
    this.since = since;
    this.ca = [ca, ...bundles.values()].join('\n');
    this.crl = lists.flatMap((list) => blocks(list, 'X509 CRL'));
    this.#own = certificatesOf(ca);
    this.#bundles = new Map([...bundles].map(([domain, bundle]) => [domain, certificatesOf(bundle)]));
    this.#revoked = new Set(this.crl.flatMap(revokedBy));
  }

  /** How many authorities there are, and how many certificates they have revoked. */
  get facts(): { readonly authorities: number; readonly revoked: number } {
    const others = [...this.#bundles.values()].reduce((sum, { length }) => sum + length, 0);
    return { authorities: this.#own.length + others, revoked: this.#revoked.size };
  }

  /** The trust domains that have authorities of their own. */
  get domains(): readonly string[] {
    return [...this.#bundles.keys()];
  }

  /** Whether another has revoked what this one has not. */
  revokesMoreThan(before: Trust): boolean {
    return this.#revoked.size > 0 && [...this.#revoked].some((one) => !before.#revoked.has(one));
  }

  /** @throws Doubt when one of these has been revoked. */
  checkRevoked(certificates: readonly X509Certificate[]): void {
    if (this.#revoked.size === 0) return;
    const found = certificates.some(({ raw }) => this.#revoked.has(identityOf(raw)));
    believe(!found, 'it has been revoked');
  }

  /**
   * That an authority of the trust domain vouches for a certificate, by those that were shown with it. TLS knows all
   * authorities and no domains: without this, whom one of them believes could name itself by another's. A certificate
   * that names a host, and not an ID, is for our own authorities. @throws Doubt
   */
  checkDomain(...asked: Parameters<Trust['vouches']>): void {
    const { trustDomain } = asked[2];
    const whose = trustDomain === '' ? 'ours' : `the trust domain '${trustDomain}'`;
    believe(this.vouches(...asked), `no authority of ${whose} vouches for it`);
  }

  /** The same, as an answer. */
  vouches(leaf: X509Certificate, shown: readonly X509Certificate[], { trustDomain }: Named, epoch: number): boolean {
    return leads(leaf, shown, this.#bundles.get(trustDomain) ?? this.#own, epoch);
  }
}

/** Whether a way leads from a certificate to one of these authorities, each signed by the next. Each is passed once. */
function leads(
  leaf: X509Certificate,
  shown: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  epoch: number,
): boolean {
  // One that is bound to certain names is good for the way that TLS has found, which knows what it is bound to.
  let left = shown.filter(({ raw }) => extension(raw, NAME_CONSTRAINTS) === undefined);
  let reached: readonly X509Certificate[] = [leaf];
  for (let below = 0; reached.length > 0; below++) {
    const canVouch = (issuer: X509Certificate): boolean =>
      reached.some((subject) => vouches(issuer, subject, below, epoch));
    if (authorities.some(canVouch)) return true;
    const next = left.filter(canVouch);
    left = left.filter((one) => !next.includes(one));
    reached = next;
  }
  return false;
}

/** Whether one has signed the other, and may; `below` is how many authorities stand between it and the leaf. */
function vouches(issuer: X509Certificate, subject: X509Certificate, below: number, epoch: number): boolean {
  if (!issuer.ca || !subject.checkIssued(issuer) || below > longest(issuer)) return false;
  try {
    checkDates(issuer, epoch);
  } catch {
    return false;
  }
  return subject.verify(issuer.publicKey);
}

/** How many authorities may stand below one (`pathLenConstraint` of RFC 5280, 4.2.1.9). */
function longest({ raw }: X509Certificate): number {
  const [, count] = inside(elements(extension(raw, BASIC_CONSTRAINTS) ?? raw)[0]);
  return count?.tag === INTEGER
    ? Number.parseInt(Buffer.from(count.content).toString('hex') || '0', 16)
    : Number.POSITIVE_INFINITY;
}

const certificatesOf = (pem: string): readonly X509Certificate[] =>
  blocks(pem, 'CERTIFICATE').map((block) => new X509Certificate(block));

/** Each block of a kind in a text. @throws TypeError when there is none. */
function blocks(pem: string, kind: string): readonly string[] {
  const found = pem.match(new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----`, 'g'));
  if (found === null) throw new TypeError(`there is no ${kind} in it`);
  return found;
}
