import type { RequestListener } from 'node:http';
import type { Server } from 'node:net';
import { atMost } from '../core/at-most.ts';
import type { Call, Caller, CallOptions, Send } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Cancel } from '../core/live.ts';
import { refuse } from '../core/service.ts';
import { checkServiceName } from '../discovery/names.ts';
import type { Announcement, Registry } from '../discovery/registry.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { PolicyDocument } from '../policy/table.ts';
import type { Arrival } from '../server/arrival.ts';
import type { IncomingHeaders } from '../server/fields.ts';
import type { GuardOptions } from '../server/guard.ts';
import { type ConnectMiddleware, type Handler, listener, middleware } from '../server/handler.ts';
import type { RequestContext } from '../server/request-context.ts';
import type { RequestOptions } from '../transport/request.ts';
import type { MeshResponse } from '../transport/response.ts';
import { AmbientContext } from './ambient.ts';
import type { AnnounceOptions } from './announce.ts';
import { type Authorizing, askService } from './authorizing.ts';
import { begin, beginWatched, followed } from './begin.ts';
import { calledOff, checkCall, makeCall, makeContext } from './calls.ts';
import { type CloseOptions, readClose } from './close.ts';
import { Cluster, type Stacks } from './cluster.ts';
import { Clusters } from './clusters.ts';
import { Dependency, type DependencyOptions } from './depends-on.ts';
import { explain, type Snapshot, snapshot } from './explain.ts';
import { LazyTransport } from './lazy-transport.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { Policies } from './policies.ts';
import { type CloseTask, Presence } from './presence.ts';
import { RegisteredSiblings } from './registered-siblings.ts';
import { type ServeOptions, serve } from './serve.ts';
import { Serving } from './serving.ts';
import { onSignals } from './signals.ts';
import { CallsUnderWay, CallUnderWay } from './under-way.ts';
import { countedBy } from './watched.ts';

const REGISTRY_MS = 3_000; // ours need two at most to close; one of a user's own may forget to end

/** A service mesh inside this process. Made by `createMesh`; what it opened, `close` closes. */
export class Mesh implements Caller, AsyncDisposable {
  /** Who we are. */
  readonly service: string;
  readonly #env: Env;
  readonly #registry: Registry;
  readonly #stacks: Stacks;
  readonly #ambient: AmbientContext;
  readonly #clusters: Clusters;
  readonly #around: Neighbourhood;
  readonly #dependencies = new Map<string, Dependency>();
  readonly #presence: Presence;
  readonly #calls: CallsUnderWay;
  readonly #serving: Serving;
  readonly #transport: LazyTransport;
  readonly #policies: Policies;
  #last: Cluster | undefined; // called last, so never the one to be let go of
  #closing: Promise<void> | undefined;
  #shut = false;
  #unheed: Cancel | undefined;

  /** @internal `createMesh` is the way in. */
  constructor(service: string, env: Env, registry: Registry, policies: PolicySet, stacks: Stacks) {
    this.service = service;
    this.#env = env;
    this.#calls = new CallsUnderWay(env);
    this.#registry = registry;
    this.#policies = new Policies(service, env, policies);
    this.#stacks = stacks;
    this.#ambient = new AmbientContext(env.clock);
    this.#presence = new Presence(service, env, registry);
    this.#transport = new LazyTransport(async () => {
      const { createTransport } = await import('../transport/transport.ts');
      return createTransport(env, this, (service) => this.#policies.current.for(service));
    });
    const current = () => this.#policies.current;
    const siblings = new RegisteredSiblings(service, registry, env.random, () => this.#presence.id);
    this.#around = new Neighbourhood(service, siblings, () => this.#clusters, current);
    this.#clusters = new Clusters((name) => this.#open(name));
    this.#serving = new Serving({ service, env, ambient: this.#ambient }, stacks, current, {
      readiness: () => this.#presence.readiness,
      siblings: this.#around.siblings,
      check: askService((url, options) => this.request(url, options)),
    });
    env.watch?.observe(service, () => this.snapshot());
  }

  /**
   * Calls a service with any client: `send` gets an endpoint's URL, the headers to send along and a signal, once for
   * each attempt. Gives back exactly what `send` returned, or throws what it threw, on the last attempt.
   * @throws MeshError when the mesh itself refuses: no endpoints, the deadline, the caller's own signal.
   */
  call<Res>(service: string, send: Send<Res>, options?: CallOptions): Promise<Res> {
    let context: Context;
    let way: Cluster;
    try {
      if (this.#shut) throw new MeshError('closed', `${service}: the mesh is closed`);
      checkCall(send, options);
      way = this.#cluster(service);
      context = makeContext(way, this.#policies.current, this.#ambient.current, this.#env.clock.now(), options);
    } catch (error) {
      return refuse(error);
    }
    const signal = options?.signal;
    if (signal?.aborted) return refuse(calledOff(context, signal));
    const underWay = new CallUnderWay(this.#calls, context, signal && followed(context, signal));
    const call = makeCall(send, options) as Call<unknown>;
    const { watch } = this.#env;
    if (watch?.on) return beginWatched(watch, way, call, context, underWay) as Promise<Res>;
    return underWay.end(begin(way, call, context) as Promise<Res>);
  }

  /** Sends a request as `undici.request` does; the host of the URL is the name of a service. The fast way. */
  request(url: string | URL, options?: RequestOptions): Promise<MeshResponse> {
    return this.#transport.request(url, options);
  }

  /** A WHATWG fetch; the host of the URL is the name of a service. Needs no binding. */
  readonly fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    this.#transport.fetch(input, init);

  /** What is known of the request being served where we are now: its signal, deadline, trace and route. */
  get context(): RequestContext | undefined {
    return this.#serving.current;
  }

  /** The rules that guard this service: what they would say of a request, and how often each decided. */
  get authorize(): Authorizing {
    return this.#serving.authorize;
  }

  /**
   * Lets requests in, for Express, Connect and their kin: `app.use(mesh.middleware())`, before all that serves. With
   * `guard`, for one route: `app.post('/orders', mesh.middleware({ authorize: { principals: ['checkout'] } }), …)`.
   */
  middleware(guard?: GuardOptions): ConnectMiddleware {
    return middleware(this.#serving, guard && this.#serving.guard(guard));
  }

  /**
   * Makes a listener for Node's own servers of a handler: `http.createServer(mesh.handler(…))`. What guards this handler
   * alone may be said first: `mesh.handler({ authorize: { principals: ['checkout'] }, quota: { rate: '100/s' } }, …)`.
   * @throws MeshError INVALID_ARGUMENT for what is no handler, and for a rule that is not usable.
   */
  handler(...said: [handler: Handler] | [guard: GuardOptions, handler: Handler]): RequestListener {
    const [handler, guard] = said.length === 2 ? [said[1], this.#serving.guard(said[0])] : [said[0]];
    return listener(this.#serving, handler, guard);
  }

  /** Takes a request in, for adapters of frameworks: the way of `handler` and `middleware`, in the words of no framework. */
  receive(arrival: Arrival): Promise<unknown> {
    return this.#serving.receive(arrival);
  }

  /** Lists this process as an instance of our service, until the announcement or the mesh is closed. */
  announce(options: AnnounceOptions): Promise<Announcement> {
    return this.#presence.announce(options);
  }

  /**
   * Serves: `server` listens, then this process is listed with the port it really has. When the mesh closes, clients are
   * asked off their connections, what was asked is answered, and the server closes.
   * @throws what the server does when it can not listen, and what `announce` does; then the server is closed again.
   */
  async serve(server: Server, options: ServeOptions = {}): Promise<Announcement> {
    this.#env.identity?.secure(server);
    return this.#presence.start(serve(this.#presence, server, options));
  }

  /**
   * Does `task` when the mesh is closed, after others have been asked to call us no more and before our own calls end:
   * the place to close a server. Gives back the way to forget it.
   */
  onClose(task: CloseTask): Cancel {
    return this.#presence.onClose(task);
  }

  /**
   * Waits at the start for a service that is needed, and tells by events from then on when it comes and goes. Settles
   * with true once it has enough endpoints; where it is not required, with false when the time is up.
   * @throws MeshError UNAVAILABLE when the time is up and it is required.
   */
  async dependsOn(service: string, options: DependencyOptions = {}): Promise<boolean> {
    if (this.#closing !== undefined) throw new MeshError('closed', `${this.service}: the mesh is closed`);
    const parties = { dependent: this.service, service, registry: this.#registry.name };
    const dependency = new Dependency(parties, options, this.#clusters.keep(service).known, this.#env);
    this.#dependencies.get(service)?.close(); // asked for again, it is watched as asked for last
    this.#dependencies.set(service, dependency);
    return this.#presence.start(dependency.ready());
  }

  /**
   * Runs `work` as part of serving a request that had these headers: calls made inside go on with its trace and end
   * before its deadline.
   */
  within<T>(headers: IncomingHeaders, work: () => T): T {
    return this.#ambient.run(headers, this.#policies.current.for(this.service).trace.formats, work);
  }

  /**
   * Puts another policy in force, whole, for the calls that begin from now on. What was learnt stays.
   * @throws MeshError INVALID_ARGUMENT when it is not usable; then the one in force stays.
   */
  setPolicy(document: PolicyDocument): void {
    this.#policies.replace(document);
  }

  /** Tells `listener` what happens: attempts, retries, ejections and the like. Gives back the way to stop. */
  on(listener: (event: MeshEvent) => void): Cancel {
    if (typeof listener !== 'function') throw new MeshError('request', `on needs a function, got ${typeof listener}`);
    return this.#env.events.on(listener);
  }

  /** How a call to `service` would go and why, for people: the stack, the settings and their origin, the endpoints. */
  explain(service: string, route?: string): string {
    const { current } = this.#policies;
    const text = explain(this.#cluster(service), current, this.#registry.name, this.#env.clock.now(), route);
    return service === this.service ? [text, ...this.#serving.lines].join('\n') : text;
  }

  /** What is known of every service called, as plain JSON. */
  snapshot(): Snapshot {
    const [clusters, { current }] = [this.#clusters.all(), this.#policies];
    const { clock, identity } = this.#env;
    const own = { ...this.#serving.facts, identity: identity?.facts() ?? null };
    return snapshot(this.service, this.#registry.name, clusters, current, clock, own);
  }

  /**
   * What was counted, as text that Prometheus reads (format 0.0.4, `text/plain; version=0.0.4`).
   * @throws MeshError INVALID_ARGUMENT unless the mesh was made with `telemetry: { prometheus: true }`.
   */
  metrics(): string {
    return countedBy(this.#env.watch);
  }

  /**
   * Ends in good order: asks others to call us no more and gives them time to hear of it, leaves the registry, does what
   * was to be done on closing, lets calls under way finish, and closes every socket. Settles in bounded time, also when
   * the registry is away.
   */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      this.#closing ??= this.#close(readClose(options));
      return this.#closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal Closes when the process is asked to end: `createMesh({ signals })`. */
  heed(options: CloseOptions): void {
    this.#unheed = onSignals(() => this.close(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close({ drainMs, timeoutMs }: Required<CloseOptions>): Promise<void> {
    const { clock, events, timeouts } = this.#env;
    const begun = clock.now();
    this.#shut = !this.#presence.any; // who is still being called may have to call others for it
    for (const dependency of this.#dependencies.values()) dependency.close();
    await this.#presence.drain(drainMs);
    const stopAt = clock.now() + timeoutMs;
    await this.#presence.stop(timeoutMs);
    this.#shut = true;
    this.#around.callOff();
    await this.#calls.finish(Math.max(0, stopAt - clock.now()));
    await this.#transport.close();
    this.#clusters.close();
    await this.#around.close();
    await atMost(clock, REGISTRY_MS, this.#registry.close()); // it is being left; what it has to say changes nothing
    timeouts.close();
    this.#env.identity?.close();
    this.#unheed?.();
    const ms = clock.now() - begun;
    events.emit({ at: clock.epoch(), service: this.service, type: 'leaving', step: 'closed', ms, problem: '' });
    await this.#env.watch?.close();
  }

  #cluster(service: string): Cluster {
    if (this.#last === undefined || this.#last.service !== service) {
      this.#last = this.#clusters.get(service);
    }
    return this.#last;
  }

  #open(service: string): Cluster {
    checkServiceName(service);
    const forget = (url: string) => this.#transport.forget(url);
    return new Cluster(service, this.#env, this.#registry.resolve(service), this.#stacks, forget, this.#around);
  }
}
