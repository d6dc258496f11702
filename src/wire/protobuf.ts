/** What a field of a message holds: a whole number, a double, or bytes (text, or a message of its own). */
export type WireValue =
  | { readonly is: 'varint'; readonly value: number }
  | { readonly is: 'double'; readonly value: number }
  | { readonly is: 'bytes'; readonly value: Uint8Array };

/** A field of a message in the wire format of Protocol Buffers. */
export type WireField = { readonly number: number } & WireValue;

const VARINT_BYTES = 10;
const LAST_NUMBER = 2 ** 29 - 1;

/**
 * The fields of a message, in the order in which they stand; those of 32 bits, which nothing here has, are passed over.
 * Nothing when it is cut short, or holds what the format does not have, or groups, which it no longer has, or more than
 * `most` fields.
 */
export function readFields(bytes: Uint8Array, most: number): readonly WireField[] | undefined {
  const reader = new Reader(bytes);
  const fields: WireField[] = [];
  for (let count = 0; !reader.done; count++) {
    if (count >= most) return undefined;
    const tag = reader.varint();
    if (tag === undefined) return undefined;
    const number = Math.floor(tag / 8);
    if (number < 1 || number > LAST_NUMBER) return undefined;
    if (tag % 8 === 5) {
      if (reader.take(4) === undefined) return undefined;
      continue;
    }
    const value = readValue(reader, tag % 8);
    if (value === undefined) return undefined;
    fields.push({ number, ...value });
  }
  return fields;
}

function readValue(reader: Reader, type: number): WireValue | undefined {
  if (type === 0) {
    const value = reader.varint();
    return value === undefined ? undefined : { is: 'varint', value };
  }
  if (type === 1) {
    const bytes = reader.take(8);
    return bytes && { is: 'double', value: new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true) };
  }
  const length = type === 2 ? reader.varint() : undefined;
  const value = length === undefined ? undefined : reader.take(length);
  return value && { is: 'bytes', value };
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A whole number of 64 bits at most; beyond 2^53 as near as a double comes. */
  varint(): number | undefined {
    let [value, factor] = [0, 1];
    for (let at = 0; at < VARINT_BYTES; at++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || (at === VARINT_BYTES - 1 && byte > 1)) break; // cut short, or more than 64 bits
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    return undefined;
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.#bytes.length - this.#at) return undefined;
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }
}
