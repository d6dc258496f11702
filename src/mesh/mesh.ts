import { LRUCache } from 'lru-cache';
import type { Call, Caller, CallOptions, Send } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Cancel } from '../core/live.ts';
import { follow } from '../core/scope.ts';
import { ask, refuse } from '../core/service.ts';
import { checkServiceName } from '../discovery/names.ts';
import type { Announcement, Registry } from '../discovery/registry.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { PolicyDocument } from '../policy/table.ts';
import type { RequestOptions } from '../transport/request.ts';
import type { MeshResponse } from '../transport/response.ts';
import type { Transport } from '../transport/transport.ts';
import { AmbientContext, type IncomingHeaders } from './ambient.ts';
import { type AnnounceOptions, makeInstance } from './announce.ts';
import { calledOff, checkCall, makeCall, makeContext } from './calls.ts';
import { Cluster, type Stacks } from './cluster.ts';
import { explain, type Snapshot, snapshot } from './explain.ts';
import { readPolicy } from './options.ts';
import { CallsUnderWay, CallUnderWay } from './under-way.ts';

const CLUSTERS = 1_000; // services called at a time; a URL from outside may name any

/** What `close` may be told. */
export interface CloseOptions {
  /** Milliseconds that calls under way have to finish; 10 000 unless told. Then they are called off. */
  readonly timeoutMs?: number;
}

/** A service mesh inside this process. Made by `createMesh`; what it opened, `close` closes. */
export class Mesh implements Caller, AsyncDisposable {
  /** Who we are. */
  readonly service: string;
  readonly #env: Env;
  readonly #registry: Registry;
  readonly #stacks: Stacks;
  readonly #ambient: AmbientContext;
  readonly #clusters: LRUCache<string, Cluster>;
  readonly #announcements = new Set<Announcement>();
  readonly #calls: CallsUnderWay;
  #policies: PolicySet;
  #last: Cluster | undefined; // called last, so never the one to be let go of
  #transport: Transport | undefined;
  #loading: Promise<Transport> | undefined;
  #closing: Promise<void> | undefined;

  /** @internal `createMesh` is the way in. */
  constructor(service: string, env: Env, registry: Registry, policies: PolicySet, stacks: Stacks) {
    this.service = service;
    this.#env = env;
    this.#calls = new CallsUnderWay(env);
    this.#registry = registry;
    this.#policies = policies;
    this.#stacks = stacks;
    this.#ambient = new AmbientContext(env.clock);
    this.#clusters = new LRUCache<string, Cluster>({
      max: CLUSTERS,
      dispose: (cluster) => void cluster.close().catch(() => {}),
    });
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
      if (this.#closing !== undefined) throw new MeshError('closed', `${service}: the mesh is closed`);
      checkCall(send, options);
      way = this.#cluster(service);
      context = makeContext(way, this.#policies, this.#ambient.current, this.#env.clock.now(), options);
    } catch (error) {
      return refuse(error);
    }
    const signal = options?.signal;
    if (signal?.aborted) return refuse(calledOff(context, signal));
    const unfollow = signal && follow(signal, context.scope, () => calledOff(context, signal));
    const underWay = new CallUnderWay(this.#calls, context, unfollow);
    return underWay.end(begin(way, makeCall(send, options) as Call<unknown>, context) as Promise<Res>);
  }

  /** Sends a request as `undici.request` does; the host of the URL is the name of a service. The fast way. */
  request(url: string | URL, options?: RequestOptions): Promise<MeshResponse> {
    if (this.#transport !== undefined) return this.#transport.request(url, options);
    return this.#load().then((transport) => transport.request(url, options));
  }

  /** A WHATWG fetch; the host of the URL is the name of a service. Needs no binding. */
  readonly fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (this.#transport !== undefined) return this.#transport.fetch(input, init);
    return this.#load().then((transport) => transport.fetch(input, init));
  };

  /** Lists this process as an instance of our service, until the announcement or the mesh is closed. */
  async announce(options: AnnounceOptions): Promise<Announcement> {
    if (this.#closing !== undefined) throw new MeshError('closed', `${this.service}: the mesh is closed`);
    const instance = makeInstance(this.service, options, this.#registry, this.#env);
    const announcement = await this.#registry.announce(instance);
    this.#announcements.add(announcement);
    const cancel = announcement.state.watch((state) => {
      if (state === 'left') this.#announcements.delete(announcement);
    });
    if (announcement.state.value === 'left') cancel();
    return announcement;
  }

  /**
   * Runs `work` as part of serving a request that had these headers: calls made inside go on with its trace and end
   * before its deadline.
   */
  within<T>(headers: IncomingHeaders, work: () => T): T {
    return this.#ambient.run(headers, work);
  }

  /**
   * Puts another policy in force, whole, for the calls that begin from now on. What was learnt stays.
   * @throws MeshError INVALID_ARGUMENT when it is not usable; then the one in force stays.
   */
  setPolicy(document: PolicyDocument): void {
    const facts = { at: this.#env.clock.epoch(), type: 'policy', service: this.service } as const;
    try {
      this.#policies = readPolicy(document);
    } catch (error) {
      this.#env.events.emit({ ...facts, accepted: false, problem: (error as MeshError).message });
      throw error;
    }
    this.#env.events.emit({ ...facts, accepted: true, problem: '' });
  }

  /** Tells `listener` what happens: attempts, retries, ejections and the like. Gives back the way to stop. */
  on(listener: (event: MeshEvent) => void): Cancel {
    return this.#env.events.on(listener);
  }

  /** How a call to `service` would go and why, for people: the stack, the settings and their origin, the endpoints. */
  explain(service: string, route?: string): string {
    return explain(this.#cluster(service), this.#policies, this.#registry.name, this.#env.clock.now(), route);
  }

  /** What is known of every service called, as plain JSON. */
  snapshot(): Snapshot {
    const clusters = [...this.#clusters.values()];
    return snapshot(this.service, this.#registry.name, clusters, this.#policies, this.#env.clock);
  }

  /** Leaves the registry, lets calls under way finish, and closes every socket. Settles in bounded time. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? 10_000);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    await Promise.allSettled([...this.#announcements].map((announcement) => announcement.close()));
    await this.#calls.finish(timeoutMs);
    await this.#transport?.close();
    this.#clusters.clear();
    await this.#registry.close().catch(() => {}); // it is being left; what it has to say changes nothing
    this.#env.timeouts.close();
  }

  #cluster(service: string): Cluster {
    if (this.#last === undefined || this.#last.service !== service) {
      this.#last = this.#clusters.get(service) ?? this.#open(service);
    }
    return this.#last;
  }

  #open(service: string): Cluster {
    checkServiceName(service);
    const forget = (url: string) => this.#transport?.forget(url);
    const cluster = new Cluster(service, this.#env, this.#registry.resolve(service), this.#stacks, forget);
    this.#clusters.set(service, cluster);
    return cluster;
  }

  #load(): Promise<Transport> {
    this.#loading ??= import('../transport/transport.ts').then(({ createTransport }) => {
      this.#transport = createTransport(this.#env, this, (service) => this.#policies.for(service));
      return this.#transport;
    });
    return this.#loading;
  }
}

/** Starts a call on its way. A filter that throws at once fails like one that rejects. */
function begin(way: Cluster, call: Call<unknown>, context: Context): Promise<unknown> {
  context.history.fresh = true;
  const answer = ask(way.call, call, context);
  context.history.fresh = false;
  return answer;
}
