import type { Readable } from 'node:stream';
import type { ResponseBody } from './body.ts';
import { collect, toArrayBuffer, toJson, toText, toWebStream } from './bytes.ts';
import { codingsOf, decode } from './decode.ts';
import type { MeshResponse } from './response.ts';

/** What a `Response` is made of. */
export interface Fetched {
  readonly answer: MeshResponse;
  /** The URL it came from in the end. */
  readonly url: string;
  readonly redirected: boolean;
  /** Whether an answer to such a request can have a body. */
  readonly hasBody: boolean;
  /** Calls the body off, also when all of it has come and nobody has read it yet. */
  readonly signal: AbortSignal | undefined;
  /** What the reader of the body gets to see of an error. */
  readonly mapError: (error: unknown) => unknown;
}

type Made = new (fetched: Fetched, real?: Response) => Response;

const EMPTY = Buffer.alloc(0);

let made: Made | undefined;

/** Makes the `Response` that `fetch` gives back. */
export function toResponse(fetched: Fetched): Response {
  made ??= makeClass();
  return new made(fetched);
}

// Inside a function, since touching Response makes Node load its own fetch: 15 MB that only who calls fetch needs.
function makeClass(): Made {
  const FrozenHeaders = makeHeadersClass();
  const Base = Response as unknown as new (body: null) => object; // its types know no getters

  /** A `Response` that reads its body without a web stream, which is most of what a fetch costs, unless asked for one. */
  class FetchedResponse extends Base {
    readonly #fetched: Fetched;
    #headers: Headers | undefined;
    #real: Response | undefined; // does what needs a web stream

    constructor(fetched: Fetched, real?: Response) {
      super(null);
      this.#fetched = fetched;
      this.#real = real;
      const { body } = fetched.answer;
      if (!body.over) forgotten.register(this, body);
    }

    get type(): Response['type'] {
      return 'basic';
    }

    get url(): string {
      return this.#fetched.url;
    }

    get redirected(): boolean {
      return this.#fetched.redirected;
    }

    get status(): number {
      return this.#fetched.answer.statusCode;
    }

    get ok(): boolean {
      return this.status >= 200 && this.status < 300;
    }

    get statusText(): string {
      return this.#fetched.answer.statusText;
    }

    get headers(): Headers {
      this.#headers ??= new FrozenHeaders([...pairsOf(this.#fetched.answer)]);
      return this.#headers;
    }

    get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
      return this.#fetched.hasBody ? this.#toReal().body : null;
    }

    get bodyUsed(): boolean {
      const { hasBody, answer } = this.#fetched;
      return hasBody && (this.#real === undefined ? answer.body.bodyUsed : this.#real.bodyUsed);
    }

    text(): Promise<string> {
      return this.#real === undefined ? this.#as((body) => body.text(), toText) : this.#real.text();
    }

    json(): Promise<unknown> {
      return this.#real === undefined ? this.#as((body) => body.json(), toJson) : this.#real.json();
    }

    arrayBuffer(): Promise<ArrayBuffer> {
      const plain = this.#real === undefined;
      return plain ? this.#as((body) => body.arrayBuffer(), toArrayBuffer) : this.#real!.arrayBuffer();
    }

    async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      return new Uint8Array(await this.arrayBuffer());
    }

    blob(): Promise<Blob> {
      return this.#toReal().blob();
    }

    formData(): Promise<FormData> {
      return this.#toReal().formData();
    }

    clone(): Response {
      return new FetchedResponse(this.#fetched, this.#toReal().clone()) as Response;
    }

    /** All of the body: as `plain` reads it, or in `form` after it was decoded. */
    #as<T>(plain: (body: ResponseBody) => Promise<T>, form: (bytes: Buffer) => T): Promise<T> {
      const { answer, hasBody, signal, mapError } = this.#fetched;
      const { body, headers } = answer;
      if (!hasBody) return Promise.resolve(EMPTY).then(form);
      if (body.bodyUsed) return Promise.reject(unusable());
      if (signal?.aborted) return Promise.reject(signal.reason);
      const codings = codingsOf(headers);
      const isSafe = body.complete && codings.length === 0; // nothing can go wrong on the way any more
      const whole = codings.length === 0 ? plain(body) : collect(decode(body.readable, codings)).then(form);
      if (isSafe) return whole;
      return whole.catch((error) => {
        throw error instanceof SyntaxError ? error : mapError(error);
      });
    }

    /** A Response of Node's own with the same body. */
    #toReal(): Response {
      if (this.#real !== undefined) return this.#real;
      const { answer, hasBody, signal, mapError } = this.#fetched;
      const type = answer.headers['content-type'];
      const headers: Record<string, string> = typeof type === 'string' ? { 'content-type': type } : {};
      if (hasBody && answer.body.bodyUsed) throw unusable();
      const live = () => (signal?.aborted ? failing(signal.reason) : toWebStream(readableOf(answer), mapError));
      const stream = hasBody ? live() : null;
      if (stream !== null && !answer.body.over) forgottenStreams.register(stream, answer.body);
      this.#real = new Response(stream, { headers });
      return this.#real;
    }
  }
  return FetchedResponse as unknown as Made;
}

/** Headers that can be read only, as those of an answer are. */
function makeHeadersClass(): typeof Headers {
  const refuse = (): never => {
    throw new TypeError('the headers of a response can not be changed');
  };
  return class Headers extends globalThis.Headers {
    override append = refuse;
    override set = refuse;
    override delete = refuse;
  };
}

function* pairsOf({ headers }: MeshResponse): Generator<[string, string]> {
  for (const name in headers) {
    const value = headers[name]!;
    if (typeof value === 'string') yield [name, value];
    else for (const one of value) yield [name, one];
  }
}

function readableOf({ headers, body }: MeshResponse): Readable {
  const codings = codingsOf(headers);
  return codings.length === 0 ? body.readable : decode(body.readable, codings);
}

/** Bodies of answers that nobody can read any more: the answer was dropped, and its body holds a connection. */
const forgotten = new FinalizationRegistry<ResponseBody>((body) => {
  if (!body.bodyUsed) body.destroy();
});

/** The same of those that were made into web streams: nobody holds one any more, and its reader would. */
const forgottenStreams = new FinalizationRegistry<ResponseBody>((body) => body.destroy());

const failing = (reason: unknown): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.error(reason) });

const unusable = (): TypeError => new TypeError('Body is unusable: Body has already been read');
