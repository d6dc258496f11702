import type { Headers } from '../core/call.ts';
import type { Keeper, Kept } from '../core/kept.ts';
import { ResponseBody } from './body.ts';
import type { Fields } from './headers.ts';
import { MeshResponse } from './response.ts';
import type { Controller } from './undici.ts';

const NOWHERE = ''; // the endpoint of an answer that nobody gave
const STREAMS = /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/(?:grpc|x-ndjson|jsonl))/i;

/** Makes an answer that nobody gave. */
export function make(status: number, headers: Headers, body: string | Uint8Array): MeshResponse {
  const bytes = Buffer.from(body); // a copy: the caller's own bytes may be written over
  const fields: Fields = {};
  for (const name in headers) fields[name.toLowerCase()] = headers[name]!;
  fields['content-length'] = String(bytes.length);
  return new MeshResponse(status, '', fields, whole(bytes), NOWHERE);
}

/** Keeps answers of our own transport. */
export const keeper: Keeper<MeshResponse> = {
  watch(answer, limit, done) {
    if (!isKeepable(answer, limit)) return done(undefined);
    const parts = new Parts(limit);
    answer.body.tap({
      chunk: (chunk) => {
        if (!parts.full && !parts.add(Buffer.from(chunk))) done(undefined); // a copy: whoever reads it may write over it
      },
      end: () => {
        const bytes = parts.whole();
        if (bytes !== undefined) done(new KeptResponse(answer, bytes));
      },
      fail: () => {
        if (!parts.full) done(undefined);
      },
    });
  },

  gather(answer, limit) {
    if (!isKeepable(answer, limit)) return Promise.resolve(undefined);
    const parts = new Parts(limit);
    return new Promise((resolve) => {
      answer.body.gather(limit, {
        chunk: (chunk) => {
          if (!parts.add(chunk)) resolve(undefined);
        },
        end: () => {
          const bytes = parts.whole();
          resolve(bytes && new KeptResponse(answer, bytes));
        },
        fail: () => resolve(undefined),
      });
    });
  },

  make,
};

/** Whether it is short enough, as far as it says so, and no stream that may never end. */
function isKeepable({ headers, body }: MeshResponse, limit: number): boolean {
  const { 'content-length': length, 'content-type': type } = headers;
  return !body.bodyUsed && !(Number(length) > limit) && !(typeof type === 'string' && STREAMS.test(type));
}

/** The parts of a body, as long as they are not too much. */
class Parts {
  readonly #limit: number;
  #chunks: Buffer[] | undefined = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether they were too much. */
  get full(): boolean {
    return this.#chunks === undefined;
  }

  add(chunk: Buffer): boolean {
    this.#length += chunk.length;
    if (this.#length > this.#limit) this.#chunks = undefined;
    this.#chunks?.push(chunk);
    return this.#chunks !== undefined;
  }

  whole(): Buffer | undefined {
    return this.#chunks && Buffer.concat(this.#chunks);
  }
}

class KeptResponse implements Kept<MeshResponse> {
  readonly status: number;
  readonly headers: Fields;
  readonly #text: string;
  readonly #bytes: Buffer;
  readonly #endpoint: string;

  constructor({ statusCode, statusText, headers, endpoint }: MeshResponse, bytes: Buffer) {
    this.status = statusCode;
    this.headers = copied(headers); // whoever gets the answer may change its own
    this.#text = statusText;
    this.#bytes = bytes;
    this.#endpoint = endpoint;
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  get content(): Uint8Array {
    return this.#bytes;
  }

  copy(more: Headers): MeshResponse {
    const headers = Object.assign(copied(this.headers), more);
    return new MeshResponse(this.status, this.#text, headers, whole(Buffer.from(this.#bytes)), this.#endpoint);
  }
}

function copied(headers: Fields): Fields {
  const copy: Fields = {};
  for (const name in headers) {
    const value = headers[name]!;
    copy[name] = typeof value === 'string' ? value : [...value];
  }
  return copy;
}

/** A body that has come whole. */
function whole(bytes: Buffer): ResponseBody {
  const body = new ResponseBody(STILL);
  if (bytes.length > 0) body.push(bytes);
  body.end();
  return body;
}

/** Of a body that has come whole there is nothing to hold up or break off. */
const STILL = { pause() {}, resume() {}, abort() {} } as unknown as Controller;
