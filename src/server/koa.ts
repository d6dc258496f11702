import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Arrival, MeshReceiver } from './arrival.ts';
import { checkMesh } from './check-mesh.ts';
import type { IncomingHeaders } from './fields.ts';
import { MARKS } from './marks.ts';
import { NodeWire } from './node-wire.ts';
import type { Problem } from './problem.ts';
import type { RequestContext } from './request-context.ts';
import { pathOf } from './target.ts';

/** What is used of a context of Koa. */
export interface KoaContext {
  /** Node's own request. */
  readonly req: IncomingMessage;
  /** Node's own answer. */
  readonly res: ServerResponse;
  /** The path and query, as they came. */
  readonly originalUrl: string;
  /** Whether Koa answers; false where who handles it does so by hand. */
  readonly respond?: boolean;
  /** The HTTP status of the answer. */
  status: number;
  /** What is answered. */
  body: unknown;
  /** Sets headers of the answer. */
  set(fields: Record<string, string>): void;
}

/** What Koa takes. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown>;

/**
 * Lets requests in, for Koa: `app.use(meshKoa(mesh))`, before all that serves.
 * @param mesh The mesh that requests come in by.
 * @throws MeshError INVALID_ARGUMENT for what is no mesh, such as the promise of one.
 */
export const meshKoa = (mesh: MeshReceiver): KoaMiddleware => {
  checkMesh(mesh, 'meshKoa');
  return (context, next) => mesh.receive(new KoaArrival(context, next));
};

class KoaArrival implements Arrival {
  readonly wire: NodeWire;
  readonly #context: KoaContext;
  readonly #next: () => Promise<unknown>;

  constructor(context: KoaContext, next: () => Promise<unknown>) {
    this.wire = new NodeWire(context.req, context.res);
    this.#context = context;
    this.#next = next;
  }

  get request(): IncomingMessage {
    return this.#context.req;
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get path(): string {
    return pathOf(this.#context.originalUrl);
  }

  get headers(): IncomingHeaders {
    return this.request.headers;
  }

  /** Where @koa/router writes down what it found. */
  get template(): string | undefined {
    const { _matchedRoute: matched } = this.#context as { readonly _matchedRoute?: unknown };
    return typeof matched === 'string' ? matched : undefined;
  }

  onHangUp(tell: () => void): void {
    this.wire.onHangUp(tell);
  }

  /** It is over when all who handle it are done; where they answer by hand, when that has left. */
  serve(_: RequestContext): Promise<unknown> {
    return this.#next().then(
      (value) => (this.#context.respond === false ? this.wire.over() : value),
      (error) => {
        keepMarks(this.#context.res);
        throw error;
      },
    );
  }

  remark(name: string, value: string): void {
    if (!this.#context.res.headersSent) this.#context.set({ [name]: value });
  }

  refuse({ status, headers, body }: Problem): void {
    this.#context.status = status;
    this.#context.set({ ...headers });
    this.#context.body = body;
  }
}

/** Koa takes all headers away before it answers an error: what the mesh has said comes back as they leave. */
function keepMarks(response: ServerResponse): void {
  const said = response.getHeaderNames().filter((name) => MARKS.has(name));
  if (said.length === 0 || response.headersSent) return;
  const marks = said.map((name) => [name, response.getHeader(name)!] as const);
  const { writeHead } = response;
  response.writeHead = (...how: unknown[]) => {
    for (const [name, value] of marks) if (!response.hasHeader(name)) response.setHeader(name, value);
    return Reflect.apply(writeHead, response, how);
  };
}
