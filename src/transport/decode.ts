import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import type { Fields } from './headers.ts';

type Zlib = typeof import('node:zlib');

const MOST = 5; // more codings than anybody means; a longer list is an attempt to keep us busy

// What ends early is read as far as it goes, as browsers do.
const DECODERS: Readonly<Record<string, (zlib: Zlib) => Transform>> = {
  gzip: (zlib) => zlib.createGunzip(lenient(zlib)),
  'x-gzip': (zlib) => zlib.createGunzip(lenient(zlib)),
  deflate: (zlib) => new Inflate(zlib),
  br: (zlib) => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  zstd: (zlib) => zlib.createZstdDecompress(),
};

const lenient = ({ constants: { Z_SYNC_FLUSH } }: Zlib) => ({ flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH });

/** The codings that a body was given, in order; none when there is one that we do not know. */
export function codingsOf({ 'content-encoding': encoding }: Fields): readonly string[] {
  if (encoding === undefined) return NONE;
  const codings = [encoding]
    .flat()
    .join()
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  const known = codings.length <= MOST && codings.every((coding) => Object.hasOwn(DECODERS, coding));
  return known ? codings : NONE;
}

const NONE: readonly string[] = Object.freeze([]);

/** A body without its codings. */
export function decode(body: Readable, codings: readonly string[]): Readable {
  const zlib = process.getBuiltinModule('node:zlib'); // most bodies have no codings, so it is not loaded before
  const decoders = codings.toReversed().map((coding) => DECODERS[coding]!(zlib)); // the last one put on comes off first
  return pipeline([body, ...decoders], () => {}) as Transform; // what goes wrong, its reader gets to see
}

/** What servers call deflate: with the header of zlib, as the standard says, or without. */
class Inflate extends Transform {
  readonly #zlib: Zlib;
  #inner: Transform | undefined;

  constructor(zlib: Zlib) {
    super();
    this.#zlib = zlib;
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#inner ??= this.#start(chunk);
    this.#inner.write(chunk, encoding, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner === undefined) done();
    else this.#inner.once('end', () => done()).end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  #start([first = 0]: Buffer): Transform {
    const zlib = this.#zlib;
    const options = lenient(zlib);
    const inner = (first & 0x0f) === 0x08 ? zlib.createInflate(options) : zlib.createInflateRaw(options);
    inner.on('data', (chunk) => this.push(chunk));
    inner.on('error', (error) => this.destroy(error));
    return inner;
  }
}
