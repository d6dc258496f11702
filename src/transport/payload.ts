import { AsyncLocalStorage } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import { MeshError } from '../core/errors.ts';

/** A body as callers may give it. */
export type BodyLike =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Readable
  | ReadableStream
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | URLSearchParams
  | FormData
  | Blob
  | null;

/** A body as it is sent. */
export interface Payload {
  /** The whole of it, where it is at hand. */
  readonly content: string | Uint8Array | undefined;
  /** Where to read it from, where it is not. */
  readonly source: Source | undefined;
  /** Its media type, where its kind tells. */
  readonly type: string | undefined;
  /** Its length in bytes, where `source` has one. */
  readonly length: number | undefined;
  /** Whether it can be sent twice. */
  readonly replayable: boolean;
}

/** No body at all. */
export const NOTHING: Payload = inMemory(undefined, undefined);

/**
 * Makes a body ready to be sent. At once, but for blobs and forms: these are read, up to `keep` bytes, so that they can
 * be sent again; what is larger is streamed.
 * @throws MeshError INVALID_ARGUMENT when it is nothing that can be sent.
 */
export function readBody(body: BodyLike | undefined, keep: number): Payload | Promise<Payload> {
  if (body === undefined || body === null) return NOTHING;
  if (typeof body === 'string') return inMemory(body, undefined);
  if (body instanceof URLSearchParams) {
    return inMemory(body.toString(), 'application/x-www-form-urlencoded;charset=UTF-8');
  }
  if (ArrayBuffer.isView(body)) return inMemory(viewOf(body), undefined);
  if (body instanceof ArrayBuffer) return inMemory(new Uint8Array(body), undefined);
  if (body instanceof Blob) return readBlob(body, keep);
  if (body instanceof FormData) return readForm(body, keep);
  if (isIterable(body)) return streamed(new Source(() => body, body), undefined, undefined, false);
  const problem = 'a body must be text, bytes, a stream, an iterable, URLSearchParams, FormData or a Blob';
  throw new MeshError('request', `${problem}; got ${typeof body}`);
}

/**
 * Reads a stream up to `limit` bytes, and keeps these so that they can be sent again; what is larger is streamed. Rejects with
 * the reason of `signal` when that aborts meanwhile, and lets go of the stream.
 */
export async function keepStream(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  { type, signal }: { readonly type?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<Payload> {
  const reader = stream.getReader();
  const giveUp = (): void => void reader.cancel(signal!.reason).catch(() => {});
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp);
  try {
    const kept: Uint8Array[] = [];
    let length = 0;
    while (length <= limit) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return inMemory(Buffer.concat(kept), type);
      kept.push(value);
      length += value.byteLength;
    }
    return streamed(new Source(() => chain(kept, reader), reader), type, undefined, false);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

function inMemory(content: string | Uint8Array | undefined, type: string | undefined): Payload {
  return { content, source: undefined, type, length: undefined, replayable: true };
}

/** A body that is read while it is sent. */
export function streamed(
  source: Source,
  type: string | undefined,
  length: number | undefined,
  replayable: boolean,
): Payload {
  return { content: undefined, source, type, length, replayable };
}

async function readBlob(blob: Blob, keep: number): Promise<Payload> {
  const type = blob.type === '' ? undefined : blob.type;
  if (blob.size <= keep) return inMemory(new Uint8Array(await blob.arrayBuffer()), type);
  return streamed(new Source(() => blob.stream(), undefined), type, blob.size, true); // it can be read any number of times
}

function readForm(form: FormData, keep: number): Promise<Payload> {
  const encoded = new Response(form); // which writes it, and chooses the boundary
  return keepStream(encoded.body!, keep, { type: encoded.headers.get('content-type')! });
}

/** A body to be read while it is sent. */
export class Source {
  /** Whether somebody has begun to read it. */
  touched = false;
  /** Whether reading it failed, and with what. */
  failed = false;
  error: unknown;
  readonly #open: () => AsyncIterable<unknown> | Iterable<unknown>;
  readonly #owner: unknown;
  readonly #within = AsyncLocalStorage.snapshot();

  /** `owner` is the stream that has to be closed when nobody will read it, or who reads that of the web already. */
  constructor(open: () => AsyncIterable<unknown> | Iterable<unknown>, owner: unknown) {
    this.#open = open;
    this.#owner = owner;
  }

  /** Its parts. Each is made in the context of the request, and not in that of the connection that asks for it. */
  read(): AsyncIterableIterator<Uint8Array | string> {
    const parts = this.#parts();
    return {
      next: () => this.#within(() => parts.next()),
      return: () => this.#within(() => parts.return(undefined)),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async *#parts(): AsyncGenerator<Uint8Array | string, undefined> {
    this.touched = true;
    try {
      for await (const chunk of this.#open()) yield toChunk(chunk);
    } catch (error) {
      this.failed = true;
      this.error = error;
      throw error;
    }
  }

  /** Closes a stream that will not be read any more. */
  abandon(reason: unknown): void {
    const owner = this.#owner;
    if (owner instanceof ReadableStreamDefaultReader || (owner instanceof ReadableStream && !owner.locked)) {
      owner.cancel(reason).catch(() => {});
    } else if (typeof (owner as Partial<Readable> | undefined)?.destroy === 'function') (owner as Readable).destroy();
  }
}

function toChunk(chunk: unknown): Uint8Array | string {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return viewOf(chunk);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new TypeError(`the parts of a body must be text or bytes, got ${typeof chunk}`);
}

const viewOf = (view: ArrayBufferView): Uint8Array =>
  view instanceof Uint8Array ? view : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function* chain(first: readonly Uint8Array[], rest: Reader): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield* first;
    for (;;) {
      const { done, value } = await rest.read();
      if (done) return;
      yield value;
    }
  } finally {
    rest.cancel().catch(() => {}); // for who stops in the middle
  }
}
