import type { IncomingMessage } from 'node:http';
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import type { Arrival, MeshReceiver } from './arrival.ts';
import { checkMesh } from './check-mesh.ts';
import type { IncomingHeaders } from './fields.ts';
import { NodeWire } from './node-wire.ts';
import type { Problem } from './problem.ts';
import type { RequestContext } from './request-context.ts';
import { pathOf } from './target.ts';

/**
 * Lets requests in, for Fastify: `await fastify.register(meshPlugin, { mesh })`, before the routes.
 * @throws MeshError INVALID_ARGUMENT, by what `register` and `ready` give, for what is no mesh, such as the promise of one.
 */
export const meshPlugin: FastifyPluginCallback<{ readonly mesh: MeshReceiver }> = (fastify, { mesh }, done) => {
  try {
    checkMesh(mesh, 'meshPlugin');
  } catch (error) {
    done(error as Error); // what is thrown here nobody could catch
    return;
  }
  fastify.addHook('onRequest', (request, reply, next) => {
    void mesh.receive(new FastifyArrival(request, reply, next));
  });
  done();
};

// As `fastify-plugin` does it: the hooks are for the application, and not for the plugin alone.
Object.assign(meshPlugin, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'inmesh' });

class FastifyArrival implements Arrival {
  readonly wire: NodeWire;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #serve: () => void;

  constructor(request: FastifyRequest, reply: FastifyReply, serve: () => void) {
    this.wire = new NodeWire(request.raw, reply.raw);
    this.#request = request;
    this.#reply = reply;
    this.#serve = serve;
  }

  get request(): IncomingMessage {
    return this.#request.raw;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return pathOf(this.#request.originalUrl);
  }

  get headers(): IncomingHeaders {
    return this.#request.headers;
  }

  get template(): string | undefined {
    return this.#request.routeOptions.url;
  }

  onHangUp(tell: () => void): void {
    this.wire.onHangUp(tell);
  }

  /** It is over when the answer has left or the caller has. */
  serve(_: RequestContext): Promise<unknown> {
    const over = this.wire.over();
    this.#serve();
    return over;
  }

  remark(name: string, value: string): void {
    if (!this.#reply.sent) this.#reply.header(name, value);
  }

  /** What a handler throws is Fastify's: it is of a filter. */
  failed(error: unknown): void {
    this.#request.log.error(error);
  }

  refuse({ status, headers, body }: Problem): void {
    this.#reply.code(status).headers(headers).send(Buffer.from(body)); // to text it would add a charset
  }
}
