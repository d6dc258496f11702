/** What a message of protocol buffers has, by the numbers of its fields: numbers as they are, all else as bytes. */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

/** Reads a message without its schema. @throws RangeError when it is cut short, or has what is no field. */
export function readProtobuf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const taken = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const read: Readonly<Record<number, () => bigint | Uint8Array>> = {
    0: varint,
    1: () => new DataView(taken(8).slice().buffer).getBigUint64(0, true),
    2: () => taken(Number(varint())),
    5: () => BigInt(new DataView(taken(4).slice().buffer).getUint32(0, true)),
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const one = read[tag & 7];
    if (one === undefined) throw new RangeError(`no wire type ${tag & 7}`);
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), one()]);
  }
  return fields;
}
