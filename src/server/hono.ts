import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import type { Wire } from '../core/incoming.ts';
import type { Arrival, MeshReceiver } from './arrival.ts';
import { checkMesh } from './check-mesh.ts';
import type { IncomingHeaders } from './fields.ts';
import { HonoWire } from './hono-wire.ts';
import { NodeWire } from './node-wire.ts';
import type { Problem } from './problem.ts';
import type { RequestContext } from './request-context.ts';

/**
 * Lets requests in, for Hono: `app.use(meshHono(mesh))`, before all that serves.
 * @param mesh The mesh that requests come in by.
 * @throws MeshError INVALID_ARGUMENT for what is no mesh, such as the promise of one.
 */
export const meshHono = (mesh: MeshReceiver): MiddlewareHandler => {
  checkMesh(mesh, 'meshHono');
  return async (context, next) => {
    const answer = await mesh.receive(new HonoArrival(context, next));
    return answer instanceof Response ? answer : undefined;
  };
};

/** What `@hono/node-server` says is below; nothing elsewhere. */
interface Below {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

class HonoArrival implements Arrival {
  readonly headers: IncomingHeaders;
  readonly wire: Wire;
  readonly #context: Context;
  readonly #next: () => Promise<void>;
  #marks: [name: string, value: string][] | undefined;

  constructor(context: Context, next: () => Promise<void>) {
    this.#context = context;
    this.#next = next;
    const { incoming, outgoing } = (context.env ?? {}) as Below;
    this.wire = incoming && outgoing ? new NodeWire(incoming, outgoing) : new HonoWire(context);
    this.headers = { get: (name) => this.#header(name) ?? null };
  }

  get request(): unknown {
    return this.#context.req.raw;
  }

  get method(): string {
    return this.#context.req.method;
  }

  get path(): string {
    const { url } = this.#context.req;
    return url.slice(url.indexOf('/', url.indexOf('://') + 3));
  }

  /**
   * Of the routes that fit, from the one that has come to be asked on, the first that is no middleware; what ends in `*` may
   * be one, and stands in for all behind it where it is none. Who answers all methods is told from a middleware by its path.
   */
  get template(): string | undefined {
    const { matchedRoutes, routeIndex } = this.#context.req;
    const left = matchedRoutes.slice(routeIndex);
    return (left.find(({ path }) => !path.endsWith('*')) ?? left.find(({ method }) => method !== 'ALL'))?.path;
  }

  /** On Node by the answer itself, which a signal of the request outlives; elsewhere by that signal. */
  onHangUp(tell: () => void): void {
    if (this.wire instanceof NodeWire) this.wire.onHangUp(tell);
    else this.#context.req.raw.signal.addEventListener('abort', tell, { once: true });
  }

  get incoming(): IncomingMessage | undefined {
    return ((this.#context.env ?? {}) as Below).incoming;
  }

  /** A `Headers` knows none of those that HTTP/2 has beside the fields, and throws where it is asked for one. */
  #header(name: string): string | undefined {
    if (!name.startsWith(':')) return this.#context.req.header(name);
    const value = this.incoming?.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  hide(names: readonly string[]): void {
    for (const name of names) this.#context.req.raw.headers.delete(name);
  }

  /** A `Response` that a handler made itself has nothing of what was said before. */
  async serve(_: RequestContext): Promise<void> {
    await this.#next();
    const context = this.#context;
    if (this.#marks === undefined || !context.finalized) return;
    for (const [name, value] of this.#marks) if (!context.res.headers.has(name)) context.header(name, value);
  }

  remark(name: string, value: string): void {
    this.#context.header(name, value);
    this.#marks ??= [];
    this.#marks.push([name, value]);
  }

  refuse({ status, headers, body }: Problem): Response {
    return new Response(body, { status, headers });
  }
}
