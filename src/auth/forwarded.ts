import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import type { Forwarding, Shown } from '../core/identity.ts';
import type { Principal } from '../core/principal.ts';
import { checkDates, HOST, type Named, nameOf } from './certificate.ts';
import { believe, Doubt, quote } from './doubt.ts';
import { checkDomain, principalOf } from './peers.ts';
import { trustDomainOf } from './spiffe.ts';
import type { Trust } from './trust.ts';

const LONGEST = 16_384; // characters
const BYTES = /^:([A-Za-z0-9+/]+={0,2}):$/; // a Byte Sequence of RFC 9651
const PART = /\s*([A-Za-z]+)=("(?:[^"\\]|\\.)*"\s*|[^";,]*)([;,]|$)/y;

const BY_CERTIFICATE = 'client-cert:'; // before the name of who uses the header of RFC 9440

/** The header by which somebody may say for whom they call: of two, one would be the caller's own word. Nothing where they may not. */
export function forwardingOf(name: string, forwarders: readonly string[]): Forwarding | undefined {
  if (forwarders.includes(name)) return 'x-forwarded-client-cert';
  return forwarders.includes(BY_CERTIFICATE + name) ? 'client-cert' : undefined;
}

/**
 * For whom a forwarder says that it calls: by the certificate itself (`Client-Cert`, RFC 9440), or by what Envoy says of
 * it (`x-forwarded-client-cert`). Nobody where it says nothing. @throws Doubt when it says what can not be read.
 */
export function forwardedBy(shown: Shown, by: Forwarding, believed: Believed): Principal | undefined {
  const value = shown.header(by);
  if (value === undefined) return undefined;
  const named = by === 'client-cert' ? read(value, believed) : fromEnvoy(value);
  checkDomain(named, believed.trusted);
  return principalOf(named, 'forwarder');
}

/** Who is believed now. */
interface Believed {
  /** Trust domains. */
  readonly trusted: readonly string[];
  /** What we know ourselves of authorities; nothing where we have no certificate. */
  readonly trust: Trust | undefined;
  /** In milliseconds since 1970 began. */
  readonly epoch: number;
}

/** That somebody vouches for it the forwarder has seen to, by its own lists. What stands on ours is refused as well. */
function read(value: string, { trust, epoch }: Believed): Named {
  const [, bytes] = value.length <= LONGEST ? (BYTES.exec(value.trim()) ?? []) : [];
  believe(bytes !== undefined, 'client-cert is no byte sequence');
  const certificate = parsed(Buffer.from(bytes, 'base64'));
  checkDates(certificate, epoch);
  trust?.checkRevoked([certificate]);
  return nameOf(certificate);
}

function parsed(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw new Doubt('client-cert is no certificate');
  }
}

/** The last element: of several proxies one behind the other, what the one has seen that we have proof of. */
function fromEnvoy(value: string): Named {
  believe(value.length <= LONGEST, 'x-forwarded-client-cert is too long');
  const last = elementsOf(value).at(-1)!;
  const uris = last.get('uri') ?? [];
  believe(uris.length <= 1, `x-forwarded-client-cert has ${uris.length} URIs`);
  const [uri = ''] = uris;
  if (uri !== '') {
    // Envoy writes the key also where a certificate has none
    const trustDomain = trustDomainOf(uri);
    believe(trustDomain !== undefined, `x-forwarded-client-cert: ${quote(uri)} is no SPIFFE ID`);
    return { name: uri, trustDomain };
  }
  const name = last.get('dns')?.[0]?.toLowerCase();
  believe(name !== undefined && name !== '', 'x-forwarded-client-cert names nobody');
  believe(HOST.test(name), `x-forwarded-client-cert: ${quote(name)} is no name of one host`);
  return { name, trustDomain: '' };
}

/** What each element says, by lower-case key. */
function elementsOf(value: string): readonly ReadonlyMap<string, readonly string[]>[] {
  const elements = [new Map<string, string[]>()];
  PART.lastIndex = 0;
  for (let end = ';'; end !== ''; ) {
    const [, key, said, mark] = PART.exec(value) ?? [];
    believe(key !== undefined && said !== undefined, 'x-forwarded-client-cert can not be read');
    const element = elements.at(-1)!;
    const plain = said.trim();
    const bare = plain.startsWith('"') ? plain.slice(1, -1).replace(/\\(.)/g, '$1') : plain;
    const name = key.toLowerCase();
    const values = element.get(name);
    if (values === undefined) element.set(name, [bare]);
    else values.push(bare);
    end = mark!;
    if (end === ',') elements.push(new Map());
  }
  return elements;
}
