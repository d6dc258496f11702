import { Buffer } from 'node:buffer';
import type { X509Certificate } from 'node:crypto';
import { elements, extension, inside } from './der.ts';
import { believe, quote } from './doubt.ts';
import { trustDomainOf } from './spiffe.ts';

/** Whom a certificate names. */
export interface Named {
  readonly name: string;
  /** Of a SPIFFE ID; empty for the name of a host. */
  readonly trustDomain: string;
}

const ALT_NAMES = '551d11'; // 2.5.29.17
const KEY_USAGE = '551d0f'; // 2.5.29.15; `X509Certificate.keyUsage` is another, the extended one
const URI = 0x86;
const DNS = 0x82;
const DIGITAL_SIGNATURE = 0x80;
const CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;
/** The name of one host, in lower case: no wildcard, no address. */
export const HOST =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * Whom a certificate names: by its one URI, which must be a SPIFFE ID, or by its first DNS name. It must be one of a
 * leaf, by the constraints of the X.509-SVID standard. Says nothing of who has signed it. @throws Doubt
 */
export function nameOf(certificate: X509Certificate): Named {
  checkLeaf(certificate);
  const list = extension(certificate.raw, ALT_NAMES);
  const names = list === undefined ? [] : inside(elements(list)[0]);
  const uris = names.filter(({ tag }) => tag === URI).map(text);
  believe(uris.length <= 1, `it has ${uris.length} URIs`);
  const [uri] = uris;
  if (uri !== undefined) {
    const trustDomain = trustDomainOf(uri);
    believe(trustDomain !== undefined, `${quote(uri)} is no SPIFFE ID`);
    return { name: uri, trustDomain };
  }
  const host = names
    .filter(({ tag }) => tag === DNS)
    .map(text)[0]
    ?.toLowerCase();
  believe(host !== undefined, 'it names nobody');
  believe(HOST.test(host), `${quote(host)} is no name of one host`);
  return { name: host, trustDomain: '' };
}

function checkLeaf({ ca, raw }: X509Certificate): void {
  believe(!ca, 'it is that of an authority');
  const usage = extension(raw, KEY_USAGE);
  if (usage === undefined) return;
  const bits = elements(usage)[0]?.content[1] ?? 0; // behind the count of unused bits
  believe((bits & (CERT_SIGN | CRL_SIGN)) === 0, 'it may sign certificates');
  believe((bits & DIGITAL_SIGNATURE) !== 0, 'it may not be used to prove who somebody is');
}

/** @throws Doubt unless it is good at this moment, in milliseconds since 1970 began. */
export function checkDates({ validFrom, validTo }: X509Certificate, epoch: number): void {
  believe(epoch <= Date.parse(validTo), 'it has expired');
  believe(epoch >= Date.parse(validFrom), 'it is not good yet');
}

const text = ({ content }: { readonly content: Uint8Array }): string => Buffer.from(content).toString('latin1');
