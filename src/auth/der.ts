import { believe } from './doubt.ts';

/** One element of DER: its tag, and its content. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const CONSTRUCTED = 0x20;

/** The elements that stand one behind the other in `bytes`; definite lengths below 16 MB. @throws Doubt */
export function elements(bytes: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, first] = [bytes[at]!, bytes[at + 1] ?? 0xff];
    const extra = first < 0x80 ? 0 : first - 0x80; // bytes of the length
    believe((tag & 0x1f) !== 0x1f && first !== 0x80 && extra <= 3, 'it is no DER that we read');
    let length = extra === 0 ? first : 0;
    for (let byte = 0; byte < extra; byte++) length = length * 256 + (bytes[at + 2 + byte] ?? 0xff);
    const start = at + 2 + extra;
    believe(start + length <= bytes.length, 'it is broken off');
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** What stands in an element that holds others. @throws Doubt */
export function inside(element: Element | undefined): readonly Element[] {
  believe(element !== undefined && (element.tag & CONSTRUCTED) !== 0, 'it lacks a part');
  return elements(element.content);
}

export const INTEGER = 2;
const EXTENSIONS = 0xa3; // [3] of a TBSCertificate (RFC 5280, 4.1)
const OID = 6;
const OCTETS = 4;

/** The value of an extension of a certificate, by its identifier in hexadecimal; nothing where it is not there. @throws Doubt */
export function extension(certificate: Uint8Array, id: string): Uint8Array | undefined {
  const [tbs] = inside(elements(certificate)[0]);
  const list = inside(tbs).find(({ tag }) => tag === EXTENSIONS);
  if (list === undefined) return undefined;
  const fitting = inside(inside(list)[0])
    .map(inside)
    .filter(([oid]) => oid?.tag === OID && hex(oid.content) === id);
  believe(fitting.length <= 1, 'it says one thing twice');
  const value = fitting[0]?.at(-1);
  return value?.tag === OCTETS ? value.content : undefined;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
