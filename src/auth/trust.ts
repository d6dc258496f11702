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

/** An authority that is believed no more. */
interface Gone {
  readonly trustDomain: string;
  readonly certificate: X509Certificate;
  /** When it went, on the clock of the mesh. */
  readonly at: number;
}

/**
 * Milliseconds that connections go on when their authority is believed no more: those who made them need some time to
 * replace them, as they are told to by the same change. What is revoked ends at once.
 */
const GRACE_MS = 30_000;
const MOST_GONE = 64; // authorities that are remembered when they are believed no more
const OURS = '';
const TORN = /\n-----(?:B[^-\n]*-{0,4})?$/; // a text that ends within the line that begins a block

/** A certificate, whom it names, and what was shown with it. */
export interface Chain {
  readonly leaf: X509Certificate;
  readonly shown: readonly X509Certificate[];
  readonly named: Named;
}

/** Who may vouch for whom, at one time: the authorities of each trust domain, and what they have revoked. */
export class Trust {
  /** All authorities and all lists, for TLS; that knows no domains. */
  readonly ca: string;
  readonly crl: readonly string[];
  /** The authorities of each domain that has some of its own; ours are those of all others. */
  readonly #authorities: ReadonlyMap<string, readonly X509Certificate[]>;
  readonly #gone: readonly Gone[];
  readonly #revoked: ReadonlySet<string>;

  /**
   * `since` is when it came into force, on the clock of the mesh, and `before` what was in force until then.
   * @throws when one of them can not be read.
   */
  constructor({ ca, bundles, lists }: TrustFiles, since: number, before?: Trust) {
    this.ca = [ca, ...bundles.values()].join('\n');
    this.crl = lists.flatMap((list) => blocks(list, 'X509 CRL'));
    this.#authorities = new Map(
      [[OURS, ca] as const, ...bundles].map(([domain, pem]) => [domain, certificatesOf(pem)]),
    );
    this.#gone = before === undefined ? [] : this.#goneOf(before, since);
    this.#revoked = new Set(this.crl.flatMap(revokedBy));
  }

  /** How many authorities there are, and how many certificates they have revoked. */
  get facts(): { readonly authorities: number; readonly revoked: number } {
    const authorities = [...this.#authorities.values()].reduce((sum, { length }) => sum + length, 0);
    return { authorities, revoked: this.#revoked.size };
  }

  /** The trust domains that have authorities of their own. */
  get domains(): readonly string[] {
    return [...this.#authorities.keys()].filter((domain) => domain !== OURS);
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
   * that names a host, and not an ID, is for our own authorities.
   */
  vouches({ leaf, shown, named: { trustDomain } }: Chain, epoch: number): boolean {
    return leads(leaf, shown, this.#of(trustDomain), epoch);
  }

  /**
   * Until when a connection is good, on the clock of the mesh, that TLS let in by what is believed now or was once: its
   * authority may have gone since then, or its domain have others.
   */
  endOf(chain: Chain, epoch: number): number {
    const isByDomain = this.#authorities.size > 1;
    if ((!isByDomain && this.#gone.length === 0) || this.vouches(chain, epoch)) return Number.POSITIVE_INFINITY;
    const { leaf, shown, named } = chain;
    const left = this.#gone.filter(
      ({ trustDomain, certificate }) =>
        trustDomain === this.#domainOf(named.trustDomain) && leads(leaf, shown, [certificate], epoch),
    );
    if (left.length > 0) return Math.max(...left.map(({ at }) => at)) + GRACE_MS;
    // Some Nodes do not show what came with a certificate (nodejs/node#65579): then nobody can tell who vouched for it.
    return isByDomain ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  #domainOf(trustDomain: string): string {
    return this.#authorities.has(trustDomain) ? trustDomain : OURS;
  }

  #of(trustDomain: string): readonly X509Certificate[] {
    return this.#authorities.get(this.#domainOf(trustDomain))!;
  }

  #goneOf(before: Trust, at: number): readonly Gone[] {
    const were = [...before.#authorities].flatMap(([trustDomain, authorities]) =>
      authorities.map((certificate) => ({ trustDomain, certificate, at })),
    );
    const isHere = ({ trustDomain, certificate }: Gone): boolean =>
      this.#of(trustDomain).some(({ raw }) => certificate.raw.equals(raw));
    return [...before.#gone, ...were].filter((one) => !isHere(one)).slice(-MOST_GONE);
  }
}

/** What is said of a certificate for which nobody vouches. */
export const nobodyVouches = ({ trustDomain }: Named): string =>
  `no authority of ${trustDomain === '' ? 'ours' : `the trust domain '${trustDomain}'`} vouches for it`;

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

/** Each block of a kind in a text. @throws TypeError when there is none, or not the whole of one. */
function blocks(pem: string, kind: string): readonly string[] {
  const found = pem.match(new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----`, 'g'));
  if (found === null) throw new TypeError(`there is no ${kind} in it`);
  // As while it is written: who is vouched for by the next would be refused until it is whole.
  const begun = pem.split(`-----BEGIN ${kind}-----`).length - 1;
  if (begun > found.length || TORN.test(pem)) throw new TypeError(`a ${kind} in it is broken off`);
  return found;
}
