import { X509Certificate } from 'node:crypto';
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type Server,
} from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import { Files } from '../core/files.ts';
import type { SecureClient } from '../core/identity.ts';
import type { Cancel } from '../core/live.ts';
import { type Named, nameOf } from './certificate.ts';
import type { CertificateOptions } from './options.ts';

/** What is in force. */
interface Current {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly context: SecureContext;
  readonly leaf: X509Certificate;
  readonly named: Named;
}

const NOBODY: Named = { name: '', trustDomain: '' };
/** What a server was told of TLS besides its certificate, and would forget with a new one. */
const KEPT = ['minVersion', 'maxVersion', 'ciphers', 'ecdhCurve', 'sigalgs', 'crl', 'secureOptions'] as const;

/** Our certificate, as files have it now: for the connections that we make and for those made to us. */
export class Certificates implements SecureClient {
  readonly #servers = new Set<Server>();
  readonly #listeners = new Set<() => void>();
  #current: Current | undefined;
  #stop: Cancel | undefined;

  /** Reads them, and looks after them. @throws MeshError INVALID_ARGUMENT when they can not be used. */
  static async open(clock: Clock, { cert, key, ca }: CertificateOptions): Promise<Certificates> {
    const certificates = new Certificates();
    try {
      const files = new Files(clock, [cert, key, ca], (contents) => certificates.#take(contents));
      certificates.#stop = await files.open();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new MeshError('request', `identity.certificate can not be used: ${code ?? message}`);
    }
    return certificates;
  }

  /** Whom it names; empty where it names nobody as we want it of others. */
  get named(): Named {
    return this.#current!.named;
  }

  /** The moment, in milliseconds since 1970 began, when it ends. */
  get until(): number {
    return Date.parse(this.#current!.leaf.validTo);
  }

  /** How many authorities are believed. */
  get authorities(): number {
    return this.#current!.ca.split('-----BEGIN CERTIFICATE-----').length - 1;
  }

  options(peers: readonly string[]): Readonly<Record<string, unknown>> {
    const check = peers.length === 0 ? checkServerIdentity : oneOf(peers);
    return { secureContext: this.#current!.context, checkServerIdentity: check, maxCachedSessions: 0 };
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

  #take([cert, key, ca]: readonly string[]): void {
    const parts = { cert: cert!, key: key!, ca: ca! };
    const leaf = new X509Certificate(parts.cert);
    this.#current = { ...parts, context: createSecureContext(parts), leaf, named: named(leaf) };
    for (const server of this.#servers) equip(server, this.#current);
    for (const listener of this.#listeners) listener();
  }
}

function equip(server: Server, { cert, key, ca }: Current): void {
  const told = server as unknown as Readonly<Record<string, unknown>>;
  const kept = KEPT.filter((name) => told[name] !== undefined).map((name) => [name, told[name]] as const);
  server.setSecureContext({ ...Object.fromEntries(kept), cert, key, ca });
}

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
    const error = new Error('the certificate of the service has none of the names that authenticate.peers lists');
    return Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  };
