import type { ResponseBody } from './body.ts';
import type { Fields } from './headers.ts';

/** An answer, in the shape of undici's. */
export class MeshResponse {
  /** The HTTP status. */
  readonly statusCode: number;
  /** What stands beside it; often empty. */
  readonly statusText: string;
  /** By lower-case name; a list where a field came several times. */
  readonly headers: Fields;
  /** What it says. To be read or dumped: one that is longer than 64 KiB holds its connection until then. */
  readonly body: ResponseBody;
  /** What came after the body; empty until that is over. */
  trailers: Fields = NONE;
  /** Where the answer came from: `http://10.0.0.5:3000`. */
  readonly endpoint: string;

  /** @internal */
  constructor(statusCode: number, statusText: string, headers: Fields, body: ResponseBody, endpoint: string) {
    this.statusCode = statusCode;
    this.statusText = statusText;
    this.headers = headers;
    this.body = body;
    this.endpoint = endpoint;
  }
}

const NONE: Fields = Object.freeze({});
