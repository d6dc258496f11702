import { constants, X509Certificate } from 'node:crypto';
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type Server,
} from 'node:tls';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { Files } from '../core/files.ts';
import type { SecureClient } from '../core/identity.ts';
import type { Cancel } from '../core/live.ts';
import { type Named, nameOf } from './certificate.ts';
import type { CertificateOptions } from './options.ts';
import { shownWith } from './peers.ts';
import { ProofNews } from './proof-news.ts';
import { Trust } from './trust.ts';

/** What is in force. */
interface Current {
  readonly cert: string;
  readonly key: string;
  readonly trust: Trust;
  readonly context: SecureContext;
  readonly leaf: X509Certificate;
  readonly named: Named;
  readonly domains: readonly string[];
  /** All of the files but the lists of what is revoked, to tell whether they are others. */
  readonly files: string;
}

const NOBODY: Named = { name: '', trustDomain: '' };
const REPLACE_MS = 10_000;
const PATIENCE = 3; // looks, a second apart: files that belong together are not written in one instant
/** What a server was told of TLS besides its certificate, and would forget with a new one. */
const KEPT = [
  'minVersion',
  'maxVersion',
  'secureProtocol',
  'ciphers',
  'honorCipherOrder',
  'ecdhCurve',
  'sigalgs',
  'dhparam',
  'certificateCompression',
  'crl',
] as const;

/** Our certificate, as files have it now: for the connections that we make and for those made to us. */
export class Certificates implements SecureClient {
  readonly replaceMs: number;
  readonly #env: Env;
  readonly #domains: readonly string[];
  readonly #news: ProofNews;
  readonly #servers = new Set<Server>();
  readonly #listeners = new Set<() => void>();
  #current: Current | undefined;
  #problem = '';
  #stop: Cancel | undefined;

  constructor(env: Env, service: string, { bundles = {}, replaceMs = REPLACE_MS }: CertificateOptions) {
    this.#env = env;
    this.#news = new ProofNews(env, { service, what: 'certificate', patience: PATIENCE });
    this.#domains = Object.keys(bundles);
    this.replaceMs = replaceMs;
  }

  /** Reads them, and looks after them. @throws MeshError INVALID_ARGUMENT when they can not be used. */
  static async open(env: Env, service: string, options: CertificateOptions): Promise<Certificates> {
    const certificates = new Certificates(env, service, options);
    const places = placesOf(options);
    const paths = places.map(([, path]) => path);
    const trouble = (error: unknown): void => {
      const problem = problemOf(error, places);
      certificates.#problem = problem;
      certificates.#news.bad(problem);
    };
    try {
      const files = new Files(env.clock, paths, (contents) => certificates.#take(contents), trouble);
      certificates.#stop = await files.open();
    } catch (error) {
      throw new MeshError('request', problemOf(error, places));
    }
    return certificates;
  }

  /** Whom it names; empty where it names nobody as we want it of others. */
  get named(): Named {
    return this.#current!.named;
  }

  /** The trust domains whose members are believed unless the policy says otherwise: our own, and those of the bundles. */
  get domains(): readonly string[] {
    return this.#current!.domains;
  }

  /** The moment, in milliseconds since 1970 began, when it ends. */
  get until(): number {
    return Date.parse(this.#current!.leaf.validTo);
  }

  /** What is wrong with the files as they are now; empty where nothing is. */
  get problem(): string {
    return this.#problem;
  }

  /** Who is believed. */
  get trust(): Trust {
    return this.#current!.trust;
  }

  options(peers: readonly string[]): Readonly<Record<string, unknown>> {
    const { context, trust } = this.#current!;
    const check = peers.length === 0 ? checkServerIdentity : oneOf(peers);
    const checked = trust.domains.length === 0 ? check : this.#vouched(check, peers.length > 0);
    // Said, since NODE_TLS_REJECT_UNAUTHORIZED=0, set for something else, would let anybody pass.
    return { secureContext: context, checkServerIdentity: checked, rejectUnauthorized: true, maxCachedSessions: 0 };
  }

  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  secure(server: Server): void {
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    equip(server, this.#current!);
  }

  close(): void {
    this.#stop?.();
  }

  #take(contents: readonly string[]): void {
    const [cert, key, ca] = contents as [string, string, string];
    const others = contents.slice(3, 3 + this.#domains.length);
    const bundles = new Map(this.#domains.map((domain, at) => [domain, others[at]!]));
    const lists = contents.slice(3 + others.length);
    const trust = new Trust({ ca, bundles, lists }, this.#env.clock.now(), this.#current?.trust);
    const leaf = new X509Certificate(cert);
    const context = createSecureContext(tlsOf({ cert, key, trust }));
    const [before, files] = [this.#current, [cert, key, ca, ...others].join('\n')];
    const own = named(leaf);
    const domains = [own.trustDomain, ...this.#domains].filter((domain) => domain !== '');
    this.#current = { cert, key, trust, context, leaf, named: own, domains, files };
    this.#problem = '';
    this.#news.good();
    for (const server of this.#servers) equip(server, this.#current);
    // A list that has only been issued anew is no reason to make all connections again.
    if (before !== undefined && before.files === files && !trust.revokesMoreThan(before.trust)) return;
    for (const listener of this.#listeners) listener();
  }

  /** Believes whom `check` believes, where an authority of its trust domain vouches; of who is known by its host, one of ours. */
  #vouched(check: typeof checkServerIdentity, isById: boolean): typeof checkServerIdentity {
    return (host, shown) => {
      const error = check(host, shown);
      if (error !== undefined) return error;
      const leaf = new X509Certificate(shown.raw);
      const chain = { leaf, shown: shownWith(shown as never), named: isById ? named(leaf) : NOBODY };
      if (this.trust.vouches(chain, this.#env.clock.epoch())) return undefined;
      return refused('is not vouched for by an authority of its trust domain', 'UNABLE_TO_GET_ISSUER_CERT');
    };
  }
}

function problemOf(error: unknown, places: ReturnType<typeof placesOf>): string {
  const { code, message, path } = error as NodeJS.ErrnoException;
  const [which] = places.find(([, place]) => place === path) ?? [];
  const what = which === undefined ? '' : `${which}: `;
  return `identity.certificate can not be used: ${what}${code ?? message}`;
}

const tlsOf = ({ cert, key, trust: { ca, crl } }: Pick<Current, 'cert' | 'key' | 'trust'>) => ({
  cert,
  key,
  ca,
  ...(crl.length > 0 && { crl: [...crl] }),
});

/**
 * No session is resumed: who comes again proves itself again, by what is believed then. And nothing is negotiated again:
 * a connection stays that of who made it.
 */
function equip(server: Server, current: Current): void {
  const told = server as unknown as Readonly<Record<string, unknown>>;
  const kept = KEPT.filter((name) => told[name] !== undefined).map((name) => [name, told[name]] as const);
  const { SSL_OP_NO_TICKET, SSL_OP_NO_RENEGOTIATION } = constants;
  const secureOptions = Number(told.secureOptions ?? 0) | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION;
  server.setSecureContext({ ...Object.fromEntries(kept), secureOptions, ...tlsOf(current) });
  Object.assign(server, { key: undefined }); // Node keeps it there, for all who print a server, and does not look again
}

/** The files, each by the name of its option: a path may be a slip, and is not for an error. */
const placesOf = ({ cert, key, ca, crl = [], bundles = {} }: CertificateOptions): [option: string, path: string][] => [
  ['cert', cert],
  ['key', key],
  ['ca', ca],
  ...Object.entries(bundles).map(([domain, path]): [string, string] => [`bundles['${domain}']`, path]),
  ...[crl].flat().map((path): [string, string] => ['crl', path]),
];

function named(leaf: X509Certificate): Named {
  try {
    return nameOf(leaf);
  } catch {
    return NOBODY;
  }
}

/** Believes a server whose certificate has one of these names, whatever its host is called. */
const oneOf =
  (peers: readonly string[]) =>
  (_host: string, { raw }: PeerCertificate): Error | undefined => {
    const { name } = named(new X509Certificate(raw));
    if (peers.includes(name)) return undefined;
    return refused('has none of the names that authenticate.peers lists', 'ERR_TLS_CERT_ALTNAME_INVALID');
  };

const refused = (why: string, code: string): Error =>
  Object.assign(new Error(`the certificate of the service ${why}`), { code });
