import { Buffer } from 'node:buffer';
import { type Element, elements, INTEGER, inside } from './der.ts';

const SEQUENCE = 0x30;
const VERSION = 0xa0; // [0] of a TBSCertificate

/**
 * The certificates that a list of an authority has revoked (RFC 5280, 5.1; PEM), as `identityOf` names them. Whether the
 * authority has signed it is for TLS to look at, when connections are made. @throws when it can not be read.
 */
export function revokedBy(pem: string): readonly string[] {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const [list] = inside(elements(der)[0]);
  const parts = inside(list);
  const at = parts[0]?.tag === INTEGER ? 2 : 1; // behind the version, if there is one, and the algorithm
  const issuer = nameOf(parts[at]);
  const revoked = parts.slice(at + 1).find(({ tag }) => tag === SEQUENCE); // behind the times
  return inside(revoked ?? NONE).map((one) => `${issuer} ${hex(inside(one)[0])}`);
}

/** What tells a certificate (DER) from all others: who has issued it, and its number. */
export function identityOf(certificate: Uint8Array): string {
  const [tbs] = inside(elements(certificate)[0]);
  const parts = inside(tbs);
  const at = parts[0]?.tag === VERSION ? 1 : 0;
  return `${nameOf(parts[at + 2])} ${hex(parts[at])}`;
}

/**
 * A name in one spelling, as TLS compares them (RFC 5280, 7.1): case, blanks and the kind of text do not matter. A list is
 * not always made by what has made the authority: Go wrote names anew, as the kind of text that it likes best.
 */
const nameOf = (name: Element | undefined): string =>
  inside(name)
    .map((set) => inside(set).map(attributeOf).sort().join('+'))
    .join(',');

function attributeOf(attribute: Element): string {
  const [type, value] = inside(attribute);
  const encoding = TEXTS[value?.tag ?? 0];
  if (encoding === undefined) return `${hex(type)}=#${value?.tag}:${hex(value)}`;
  const text = new TextDecoder(encoding).decode(value!.content);
  const plain = text.replace(/[\t-\r ]+/g, ' ').replace(/^ | $/g, '');
  return `${hex(type)}=${Buffer.from(plain.replace(/[A-Z]+/g, (some) => some.toLowerCase())).toString('hex')}`;
}

/** The kinds of text: UTF8String, PrintableString, T61String, IA5String, VisibleString, BMPString. */
const TEXTS: Readonly<Record<number, string>> = {
  12: 'utf-8',
  19: 'latin1',
  20: 'latin1',
  22: 'latin1',
  26: 'latin1',
  30: 'utf-16be',
};

const NONE: Element = { tag: SEQUENCE, content: new Uint8Array() };

const hex = (element: Element | undefined): string => Buffer.from(element?.content ?? []).toString('hex');
