import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Arrival } from './arrival.ts';
import type { IncomingHeaders } from './fields.ts';
import { LISTS, MARKS } from './marks.ts';
import { type Mounted, mountedTemplate } from './mount.ts';
import { NodeWire } from './node-wire.ts';
import type { Problem } from './problem.ts';
import type { RequestContext } from './request-context.ts';
import { pathOf } from './target.ts';

/** A request as `node:http` brings it; Express and its kin add where they stand. */
export type NodeRequest = IncomingMessage & Mounted;

/** Who hears of what is nobody else's to hear. */
interface FaultHearer {
  fault(error: unknown): void;
}

/** What came in over `node:http` or by the compatible face of `node:http2`. */
export class NodeArrival implements Arrival {
  readonly request: NodeRequest;
  readonly wire: NodeWire;
  readonly #response: ServerResponse;
  readonly #serve: (context: RequestContext) => void;
  readonly #mesh: FaultHearer;

  constructor(
    mesh: FaultHearer,
    request: NodeRequest,
    response: ServerResponse,
    serve: (context: RequestContext) => void,
  ) {
    this.#mesh = mesh;
    this.request = request;
    this.wire = new NodeWire(request, response);
    this.#response = response;
    this.#serve = serve;
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get path(): string {
    return pathOf(this.request.originalUrl ?? this.request.url ?? '/');
  }

  get headers(): IncomingHeaders {
    return this.request.headers;
  }

  get template(): string | undefined {
    return mountedTemplate(this.request);
  }

  onHangUp(tell: () => void): void {
    this.wire.onHangUp(tell);
  }

  /** It is over when the answer has left or the caller has. */
  serve(context: RequestContext): Promise<unknown> {
    const over = this.wire.over();
    this.#serve(context);
    return over;
  }

  remark(name: string, value: string): void {
    if (this.#response.headersSent) return;
    const said = LISTS.has(name) ? this.#response.getHeader(name) : undefined;
    this.#response.setHeader(name, said === undefined ? value : `${said}, ${value}`);
  }

  /** What the handler throws does not come here: it is of a filter. */
  failed(error: unknown): void {
    this.#mesh.fault(error);
  }

  refuse(problem: Problem): void {
    writeProblem(this.#response, problem);
  }
}

/** Answers with what is wrong. An answer that has begun can only be broken off. */
export function writeProblem(response: ServerResponse, { status, headers, body }: Problem): void {
  if (response.writableEnded) return; // all was said before it went wrong
  if (response.headersSent) {
    breakOff(response);
    return;
  }
  for (const name of response.getHeaderNames()) {
    if (!MARKS.has(name)) response.removeHeader(name); // they were of the answer that failed
  }
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

const INTERNAL_ERROR = 2; // of HTTP/2 (RFC 9113, 7): a stream that is only destroyed looks as if it had ended well

function breakOff(response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream === undefined) response.destroy();
  else stream.close(INTERNAL_ERROR);
}

/** Whether nothing that is written to it arrives any more. */
export const isGone = (response: ServerResponse): boolean => (streamOf(response) ?? response).destroyed;

/** What HTTP/2 answers by. */
const streamOf = (response: ServerResponse): ServerHttp2Stream | undefined =>
  (response as ServerResponse & { readonly stream?: ServerHttp2Stream }).stream;
