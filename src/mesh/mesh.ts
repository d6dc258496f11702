import { atMost } from '../core/at-most.ts';
import { letGoOfBreakers } from '../core/breakers.ts';
import type { Call, Caller, CallOptions, Send } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Cancel } from '../core/live.ts';
import { refuse } from '../core/service.ts';
import type { Registry } from '../discovery/registry.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { PolicyDocument } from '../policy/table.ts';
import type { FetchInit } from '../transport/fetch-message.ts';
import type { RequestOptions } from '../transport/request.ts';
import type { MeshResponse } from '../transport/response.ts';
import type { AmbientContext } from './ambient.ts';
import type { BatchFacts } from './batch.ts';
import { begin, beginWatched, followed } from './begin.ts';
import { calledOff, checkCall, makeCall, makeContext } from './calls.ts';
import { type CloseOptions, type CloseTimes, readClose } from './close.ts';
import type { Cluster, Stacks } from './cluster.ts';
import type { Clusters } from './clusters.ts';
import { Dependency, type DependencyOptions } from './depends-on.ts';
import { Inside } from './inside.ts';
import type { LazyTransport } from './lazy-transport.ts';
import type { Policies } from './policies.ts';
import { ServedMesh } from './served.ts';
import { onSignals } from './signals.ts';
import { CallsUnderWay, CallUnderWay } from './under-way.ts';

const REGISTRY_MS = 3_000; // ours need two at most to close; one of a user's own may forget to end

/** A service mesh inside this process. Made by `createMesh`; what it opened, `close` closes. */
export class Mesh extends ServedMesh implements Caller, AsyncDisposable {
  // What each call needs is at hand here.
  readonly #env: Env;
  readonly #ambient: AmbientContext;
  readonly #policies: Policies;
  readonly #clusters: Clusters;
  readonly #calls: CallsUnderWay;
  readonly #transport: LazyTransport;
  readonly #inside: Inside;
  readonly #dependencies = new Map<string, Dependency>();
  #closing: Promise<void> | undefined;
  #shut = false;
  #unheed: Cancel | undefined;

  /** @internal `createMesh` is the way in. */
  constructor(service: string, env: Env, registry: Registry, policies: PolicySet, stacks: Stacks) {
    const inside = new Inside({ service, env, registry }, policies, stacks, () => this);
    super(inside);
    this.#inside = inside;
    this.#env = env;
    this.#ambient = inside.ambient;
    this.#policies = inside.policies;
    this.#clusters = inside.clusters;
    this.#calls = new CallsUnderWay(env, (context, outcome, error) => {
      if (context.history.attempts === 0) return; // refused, as any number may be at a time
      inside.clusters.look(context.service).failures.note(context, outcome, error, env.clock.now());
    });
    this.#transport = inside.transport;
  }

  /**
   * Calls a service with any client: `send` gets an endpoint's URL, the headers to send along and a signal, once for
   * each attempt. Gives back exactly what `send` returned, or throws what it threw, on the last attempt.
   * @param service The name, as the registry has it.
   * @param send Sends one attempt. What it gives or throws is judged in the shape of any client; see `classify`.
   * @param options What is known of this call; what is not said is as the policy has it.
   * @throws MeshError when the mesh itself refuses: INVALID_ARGUMENT for a name or an option that is not usable, UNAVAILABLE
   * where nobody can be asked or the mesh is closed, UNAUTHENTICATED without a proof of who we are, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED by a limit or a quota, CANCELLED
   * by the caller's own signal, whose reason is the `cause`.
   * @throws whatever `send` threw last, as it is.
   */
  call<Res>(service: string, send: Send<Res>, options?: CallOptions): Promise<Res> {
    let context: Context;
    let way: Cluster;
    try {
      if (this.#shut) throw new MeshError('closed', `${service}: the mesh is closed`);
      checkCall(send, options);
      way = this.#clusters.get(service);
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

  /**
   * Sends a request as `undici.request` does; the host of the URL is the name of a service. The fast way. Comes to an
   * answer of any status, whose body is to be read or dumped.
   * @param url `http://orders/orders/42`, without port, user name and password; whether TLS is spoken is the endpoint's to say.
   * @param options The request, and what may be said of any call. `headers` and `query` of its own, `body` of any kind.
   * @throws MeshError as `call` does; and UNAVAILABLE with `reset` where the connection ended before the answer came, with
   * `connect` where none could be made. `cause` is what undici threw.
   */
  request(url: string | URL, options?: RequestOptions): Promise<MeshResponse> {
    return this.#transport.request(url, options);
  }

  /**
   * A WHATWG fetch; the host of the URL is the name of a service. What may be said of a call is said under `mesh`:
   * `mesh.fetch(url, { mesh: { timeout: '800ms' } })`. Needs no binding.
   * @param input `http://orders/orders/42`, or a `Request` of such a URL.
   * @param init As the standard has it, and `mesh`. Not `integrity`.
   * @throws TypeError `fetch failed`, whose `cause` is the MeshError that `request` would throw; the reason of the signal as
   * it is, where that was aborted.
   */
  readonly fetch = (input: string | URL | Request, init?: FetchInit): Promise<Response> =>
    this.#transport.fetch(input, init);

  /**
   * Waits at the start for a service that is needed, and tells by events from then on when it comes and goes. Settles
   * with true once it has enough endpoints; where it is not required, with false when the time is up.
   * @param service The name, as the registry has it.
   * @param options How much it is needed: required, one endpoint, within 10 s unless told.
   * @throws MeshError UNAVAILABLE when the time is up and it is required, or the mesh is closed; INVALID_ARGUMENT for an option
   * that is not usable.
   */
  async dependsOn(service: string, options: DependencyOptions = {}): Promise<boolean> {
    if (this.#closing !== undefined) throw new MeshError('closed', `${this.service}: the mesh is closed`);
    const parties = { dependent: this.service, service, registry: this.#inside.registry.name };
    const dependency = new Dependency(parties, options, this.#clusters.keep(service).known, this.#env);
    this.#dependencies.get(service)?.close(); // asked for again, it is watched as asked for last
    this.#dependencies.set(service, dependency);
    return this.#inside.presence.start(dependency.ready());
  }

  /**
   * Puts another policy in force, whole, for the calls that begin from now on. What was learnt stays.
   * @param document What differs from the defaults; nothing of the one before stands.
   * @throws MeshError INVALID_ARGUMENT when it is not usable; then the one in force stays.
   */
  setPolicy(document: PolicyDocument): void {
    this.#policies.replace(document);
  }

  /** @internal Tells of keys that went in one call: for `batch`. */
  batched(service: string, facts: BatchFacts): void {
    const { clock, events } = this.#env;
    if (events.hears('batch')) events.emit({ at: clock.epoch(), service, type: 'batch', ...facts });
  }

  /**
   * Ends in good order: asks others to call us no more and gives them time to hear of it, leaves the registry, does what
   * was to be done on closing, lets calls under way finish, and closes every socket. Settles in bounded time, also when
   * the registry is away. Closed again, it is the same promise.
   * @param options How long others have to hear of it (1 s unless told), and what is under way to end (10 s).
   * @throws MeshError INVALID_ARGUMENT for an option that is not usable; then nothing is closed.
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

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close({ drainMs, timeoutMs }: CloseTimes): Promise<void> {
    const { clock, events, timeouts } = this.#env;
    const begun = clock.now();
    this.#shut = !this.#inside.presence.any; // who is still being called may have to call others for it
    for (const dependency of this.#dependencies.values()) dependency.close();
    await this.#inside.presence.drain(drainMs);
    const stopAt = clock.now() + timeoutMs;
    await this.#inside.presence.stop(timeoutMs);
    this.#shut = true;
    this.#inside.around.callOff();
    await this.#calls.finish(Math.max(0, stopAt - clock.now()));
    await this.#transport.close();
    this.#inside.taps.close();
    this.#clusters.close();
    await this.#inside.around.close();
    this.#inside.unwatchSession();
    const { registry } = this.#inside;
    await atMost(clock, REGISTRY_MS, (async () => registry.close())()); // it is being left; what it says, or throws, changes nothing
    timeouts.close();
    this.#env.identity?.close();
    if (this.#env.breakers !== undefined) letGoOfBreakers(this.#env.breakers);
    this.#unheed?.();
    const ms = clock.now() - begun;
    events.emit({ at: clock.epoch(), service: this.service, type: 'leaving', step: 'closed', ms, problem: '' });
    await this.#env.watch?.close();
  }
}
