import { Readable } from 'node:stream';
import { toArrayBuffer, toJson, toText, toWebStream } from './bytes.ts';
import type { Controller } from './undici.ts';

const HIGH = 65_536; // what is kept while nobody reads; undici's own mark
const DUMP = 131_072; // reading on is cheaper than a new connection, up to about here
const EMPTY: readonly Buffer[] = Object.freeze([]);

/** Who hears the parts of a body as they come. */
export interface Sink {
  chunk(chunk: Buffer): void;
  end(): void;
  fail(error: unknown): void;
}

/**
 * The body of an answer. It can be read once, in whichever way: whole, as a Node stream, as a web stream, or part by
 * part. What nobody reads must be dumped, since it holds a connection.
 */
export class ResponseBody implements AsyncIterable<Uint8Array> {
  readonly #controller: Controller;
  #chunks = EMPTY as Buffer[];
  #length = 0;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #error: unknown;
  #used = false;
  #sink: Sink | undefined;
  #tap: Sink | undefined;
  #high = HIGH;
  #readable: Readable | undefined;

  /** @internal */
  constructor(controller: Controller) {
    this.#controller = controller;
  }

  /** Whether somebody has begun to read it. */
  get bodyUsed(): boolean {
    return this.#used;
  }

  /** Whether all of it has come, or it has failed. */
  get over(): boolean {
    return this.#state !== 'open';
  }

  /** Whether all of it has come. */
  get complete(): boolean {
    return this.#state === 'ended';
  }

  /** All of it, as JSON. */
  json<T = unknown>(): Promise<T> {
    return this.#as(toJson) as Promise<T>;
  }

  /** All of it, as text in UTF-8. */
  text(): Promise<string> {
    return this.#as(toText);
  }

  /** All of it. @throws RangeError when it has more than `limit` bytes; the rest is not read then. */
  bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Buffer> {
    return this.#whole(limit);
  }

  /** All of it, as a buffer of its own. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#as(toArrayBuffer);
  }

  /** All of it, as a blob. */
  blob(): Promise<Blob> {
    return this.#as((bytes) => new Blob([toArrayBuffer(bytes)]));
  }

  /** The same as a Node stream. */
  get readable(): Readable {
    this.#readable ??= this.#toReadable();
    return this.#readable;
  }

  /** The same as a web stream. */
  stream(): ReadableStream<Uint8Array> {
    return toWebStream(this.readable);
  }

  /** Writes it to a Node stream. */
  pipe<T extends NodeJS.WritableStream>(to: T, options?: { end?: boolean }): T {
    return this.readable.pipe(to, options);
  }

  /** Listens to it as to a Node stream: `data`, `end`, `error`, `close`. */
  on(event: string, listener: (...args: never[]) => void): this {
    this.readable.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  /** Part by part, as it comes. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.readable[Symbol.asyncIterator]();
  }

  /**
   * Reads it to its end for nobody, so that its connection can be used again; a body longer than `limit` bytes is
   * broken off instead. Never rejects.
   */
  async dump(limit: number = DUMP): Promise<void> {
    if (this.#used) return;
    this.#used = true;
    let length = this.#length;
    this.#chunks = EMPTY as Buffer[];
    if (this.#state !== 'open') return;
    await new Promise<void>((resolve) => {
      this.#sink = {
        chunk: (chunk) => {
          length += chunk.length;
          if (length > limit) this.destroy();
        },
        end: resolve,
        fail: () => resolve(),
      };
      this.#controller.resume();
    });
  }

  /** Breaks it off. Whoever reads it gets `reason`. */
  destroy(reason: unknown = new Error('the body was destroyed')): void {
    if (this.#state !== 'open') return;
    this.fail(reason);
    this.#controller.abort(reason as Error);
  }

  /** @internal Lets `tap` hear all that has come and will come, beside whoever reads it. Before somebody does. */
  tap(tap: Sink): void {
    this.#tap = this.#tap === undefined ? tap : both(this.#tap, tap);
    for (const chunk of this.#chunks) tap.chunk(chunk);
    if (this.#state === 'ended') tap.end();
    if (this.#state === 'failed') tap.fail(this.#error);
  }

  /** @internal As `tap`, and up to `limit` bytes come although nobody reads yet. */
  gather(limit: number, tap: Sink): void {
    this.#high = Math.max(HIGH, limit);
    this.tap(tap);
    if (this.#state === 'open') this.#controller.resume();
  }

  /** @internal A part has come. */
  push(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    this.#tap?.chunk(chunk);
    if (this.#sink === undefined) this.#store(chunk);
    else this.#sink.chunk(chunk);
  }

  /** @internal All of it has come. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#sink?.end();
    this.#tap?.end();
    this.#sink = this.#tap = undefined;
  }

  /** @internal No more of it will come. */
  fail(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#error = error;
    this.#chunks = EMPTY as Buffer[];
    this.#sink?.fail(error);
    this.#tap?.fail(error);
    this.#sink = this.#tap = undefined;
  }

  /** Keeps a part until somebody reads; lets the other side wait when there is much of it. */
  #store(chunk: Buffer): void {
    this.#keep(chunk);
    if (this.#length > this.#high) this.#controller.pause();
  }

  #keep(chunk: Buffer): void {
    if (this.#chunks === EMPTY) this.#chunks = [chunk];
    else this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  #claim(): void {
    if (this.#used) throw new TypeError('the body has been read already');
    this.#used = true;
  }

  /** All of it in another form; most bodies have come by the time that somebody asks, and need no waiting. */
  #as<T>(form: (bytes: Buffer) => T): Promise<T> {
    if (this.#state !== 'ended' || this.#used) return this.#whole(Number.POSITIVE_INFINITY).then(form);
    this.#used = true;
    try {
      return Promise.resolve(form(this.#release()));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #whole(limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#claim();
      if (this.#length > limit) this.destroy(tooLong(limit));
      if (this.#state === 'failed') return reject(this.#error);
      if (this.#state === 'ended') return this.#length > limit ? reject(tooLong(limit)) : resolve(this.#release());
      this.#sink = {
        chunk: (chunk) => {
          this.#keep(chunk);
          if (this.#length > limit) this.destroy(tooLong(limit));
        },
        end: () => resolve(this.#release()),
        fail: reject,
      };
      this.#controller.resume();
    });
  }

  #release(): Buffer {
    const chunks = this.#chunks;
    this.#chunks = EMPTY as Buffer[];
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  #toReadable(): Readable {
    this.#claim();
    const controller = this.#controller;
    const readable = new Readable({
      highWaterMark: HIGH,
      read: () => controller.resume(),
      destroy: (error, done) => {
        this.destroy(error ?? undefined);
        done(error);
      },
    });
    for (const chunk of this.#chunks) readable.push(chunk);
    this.#chunks = EMPTY as Buffer[];
    if (this.#state === 'ended') readable.push(null);
    if (this.#state === 'failed') readable.destroy(this.#error as Error);
    this.#sink = {
      chunk: (chunk) => {
        if (!readable.push(chunk)) controller.pause();
      },
      end: () => void readable.push(null),
      fail: (error) => void readable.destroy(error as Error),
    };
    return readable;
  }
}

/** Two that hear the same. */
const both = (one: Sink, other: Sink): Sink => ({
  chunk(chunk) {
    one.chunk(chunk);
    other.chunk(chunk);
  },
  end() {
    one.end();
    other.end();
  },
  fail(error) {
    one.fail(error);
    other.fail(error);
  },
});

const tooLong = (limit: number): RangeError => new RangeError(`the body is longer than ${limit} bytes`);
