import { isIP } from 'node:net';

/** A range of addresses: those whose first `bits` are those of `address`. */
export interface Cidr {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

const BITS = /^(?:0|[1-9]\d{0,2})$/;

/** Reads `10.0.0.0/8`, `fd00::/8`, or one address alone; undefined when it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', bits, more] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address); // an interface of ours says nothing of who calls
  const all = version === 6 ? 128 : 32;
  if (version === 0 || more !== undefined || (bits !== undefined && !(BITS.test(bits) && Number(bits) <= all))) {
    return undefined;
  }
  return { address, bits: bits === undefined ? all : Number(bits), family: version === 6 ? 'ipv6' : 'ipv4' };
}
