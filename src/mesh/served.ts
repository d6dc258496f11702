import type { Server } from 'node:net';
import { MeshError } from '../core/errors.ts';
import type { Cancel } from '../core/live.ts';
import type { Announcement } from '../discovery/registry.ts';
import { show } from '../policy/read.ts';
import type { Arrival } from '../server/arrival.ts';
import type { IncomingHeaders } from '../server/fields.ts';
import type { GuardOptions } from '../server/guard.ts';
import { type ConnectMiddleware, type Handler, type Listener, listener, middleware } from '../server/handler.ts';
import type { RequestContext } from '../server/request-context.ts';
import type { AnnounceOptions } from './announce.ts';
import type { Authorizing } from './authorizing.ts';
import type { Inside } from './inside.ts';
import type { CloseTask } from './presence.ts';
import { type ServeOptions, serve } from './serve.ts';
import { ToldMesh } from './told.ts';

/** What a mesh is to those who call us: how requests come in, and how others find us. */
export abstract class ServedMesh extends ToldMesh {
  readonly #inside: Inside;

  constructor(inside: Inside) {
    super(inside);
    this.#inside = inside;
  }

  /** What is known of the request being served where we are now: its signal, deadline, trace and route. */
  get context(): RequestContext | undefined {
    return this.#inside.serving.current;
  }

  /** The rules that guard this service: what they would say of a request, and how often each decided. */
  get authorize(): Authorizing {
    return this.#inside.serving.authorize;
  }

  /**
   * Lets requests in, for Express, Connect and their kin: `app.use(mesh.middleware())`, before all that serves. With
   * `guard`, for one route: `app.post('/orders', mesh.middleware({ authorize: { principals: ['checkout'] } }), …)`.
   * @param guard Who may come here, and how often, besides what the policy says of the service; nothing unless told.
   * @throws MeshError INVALID_ARGUMENT for a rule that is not usable.
   */
  middleware(guard?: GuardOptions): ConnectMiddleware {
    const { serving } = this.#inside;
    return middleware(serving, guard === undefined ? undefined : serving.guard(guard));
  }

  /**
   * Makes a listener for Node's own servers of a handler: `http.createServer(mesh.handler(…))`. What guards this handler
   * alone may be said first: `mesh.handler({ authorize: { principals: ['checkout'] }, quota: { rate: '100/s' } }, …)`.
   * @param said The handler, which gives back a `Response` or answers by itself; before it, if need be, what guards it.
   * @throws MeshError INVALID_ARGUMENT for what is no handler, and for a rule that is not usable.
   */
  handler(...said: [handler: Handler] | [guard: GuardOptions, handler: Handler]): Listener {
    const [handler, guard] = said.length === 2 ? [said[1], this.#inside.serving.guard(said[0])] : [said[0]];
    return listener(this.#inside.serving, handler, guard);
  }

  /**
   * Takes a request in, for adapters of frameworks: the way of `handler` and `middleware`, in the words of no framework.
   * @param arrival The request, and how it is answered.
   */
  receive(arrival: Arrival): Promise<unknown> {
    return this.#inside.serving.receive(arrival);
  }

  /**
   * Lists this process as an instance of our service, until the announcement or the mesh is closed. Settles once it is listed.
   * @param options Where it listens, and what others may know of it.
   * @throws MeshError INVALID_ARGUMENT for an option that is not usable, and for an address that this mesh has listed already;
   * UNAVAILABLE when the registry can not list it, or the mesh is closed.
   */
  announce(options: AnnounceOptions): Promise<Announcement> {
    return this.#inside.presence.announce(options);
  }

  /**
   * Serves: `server` listens, then this process is listed with the port it really has. When the mesh closes, clients are
   * asked off their connections, what was asked is answered, and the server closes.
   * @param server One of `node:http`, `node:https` or `node:http2` that does not listen yet.
   * @param options Where it listens, and what `announce` may be told. A port that the system chooses unless told.
   * @throws MeshError INVALID_ARGUMENT for a server that is served already, which goes on as it was.
   * @throws what the server does when it can not listen, and what `announce` does; then the server is closed again.
   */
  serve(server: Server, options: ServeOptions = {}): Promise<Announcement> {
    return this.#inside.presence.start(serve(this.#inside.presence, server, options));
  }

  /**
   * Does `task` when the mesh is closed, after others have been asked to call us no more and before our own calls end:
   * the place to close a server. Gives back the way to forget it.
   * @param task May take its time, within what `close` was given. That it fails is told as the event `leaving`.
   * @throws MeshError INVALID_ARGUMENT for what is no function; UNAVAILABLE when the mesh is closing already.
   */
  onClose(task: CloseTask): Cancel {
    return this.#inside.presence.onClose(task);
  }

  /**
   * Runs `work` as part of serving a request that had these headers: calls made inside go on with its trace and end
   * before its deadline. For what comes in by other ways than HTTP, such as a queue.
   * @param headers By lower-case name. What is not as it must be counts as absent.
   * @param work Gives what `within` gives.
   * @throws MeshError INVALID_ARGUMENT for headers that are no object, and for work that is no function.
   */
  within<T>(headers: IncomingHeaders, work: () => T): T {
    if (typeof headers !== 'object' || headers === null)
      throw new MeshError('request', `within: the headers must be an object, got ${show(headers)}`);
    if (typeof work !== 'function') throw new MeshError('request', `within needs a function, got ${typeof work}`);
    return this.#inside.ambient.run(headers, this.#inside.policies.current.for(this.service).trace.formats, work);
  }
}
