import type { Readable } from 'node:stream';

const BOM = '\u{feff}';

/** A Node stream as a web stream of bytes. */
export function toWebStream(
  readable: Readable,
  mapError: (error: unknown) => unknown = (error) => error,
): ReadableStream<Uint8Array> {
  readable.on('error', () => {}); // whoever reads gets it; while nobody does, it would end the process
  const parts = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        try {
          const { done, value } = await parts.next();
          if (!done) return controller.enqueue(new Uint8Array(value)); // a copy, for the stream takes the buffer away
          controller.close();
          controller.byobRequest?.respond(0);
        } catch (error) {
          throw mapError(error);
        }
      },
      cancel: () => void readable.destroy(),
    },
    { highWaterMark: 0 },
  ) as ReadableStream<Uint8Array>;
}

/** The bytes in a buffer of their own. */
export const toArrayBuffer = ({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;

/** UTF-8 as JSON. */
export const toJson = (bytes: Buffer): unknown => JSON.parse(toText(bytes));

/** UTF-8 as text, without a byte order mark. */
export function toText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.startsWith(BOM) ? text.slice(1) : text;
}

/** All the parts of a stream as one. */
export async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of parts) chunks.push(chunk);
  return Buffer.concat(chunks);
}
