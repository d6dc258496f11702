import { balance } from '../balancer/balance.ts';
import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Env } from '../core/env.ts';
import { Failures } from '../core/failures.ts';
import type { Cancel, Live } from '../core/live.ts';
import { messageOf } from '../core/message-of.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Service } from '../core/service.ts';
import { watchAttempts } from '../core/watch.ts';
import type { Resolving } from '../discovery/registry.ts';
import { NONE_UNREADABLE, type Unreadable } from '../discovery/unreadable.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { Policy } from '../policy/table.ts';
import type { InboundStack } from '../server/way-in.ts';
import type { OutboundStack } from './outbound.ts';
import { clusterStack, endpointStack } from './outbound.ts';
import { makeParts, type Parts, type Surroundings } from './parts.ts';
import { sendService } from './send.ts';

/** How a user may change the stacks: each gets the one there is, and gives back the one there shall be. */
export interface Stacks {
  /** From the caller to the balancer: once for each call. */
  readonly cluster?: ((stack: OutboundStack) => OutboundStack) | undefined;
  /** From the balancer to the wire: once for each attempt. */
  readonly endpoint?: ((stack: OutboundStack) => OutboundStack) | undefined;
  /** From the socket to the handler: once for each request that comes in. */
  readonly inbound?: ((stack: InboundStack) => InboundStack) | undefined;
}

/** All that we hold for one service that is called. */
export class Cluster {
  readonly service: string;
  /** What its filters keep between calls. */
  readonly parts: Parts;
  /** What became of the last calls that failed. */
  readonly failures = new Failures();
  readonly stacks: { readonly cluster: OutboundStack; readonly endpoint: OutboundStack };
  /** The way of a call to this service, whole. */
  readonly call: Service<Call<unknown>, unknown>;
  readonly #hinge: Service<Call<unknown>, unknown>;
  readonly #below = new Map<string, Service<Call<unknown>, unknown>>();
  readonly #env: Env;
  readonly #resolving: Resolving;
  readonly #cancel: Cancel;
  readonly #forget: (url: string) => void;
  #policies: PolicySet | undefined;
  #policy: Policy | undefined;

  /** `forget` hears of every URL whose endpoint has gone. */
  constructor(
    service: string,
    env: Env,
    resolving: Resolving,
    stacks: Stacks,
    forget: (url: string) => void,
    around: Surroundings,
  ) {
    this.service = service;
    this.#env = env;
    this.#resolving = resolving;
    this.#forget = forget;
    const names = (route: string) => this.#policies?.names(service, route) ?? false;
    this.parts = makeParts(env, names, around, () => this.#policy, resolving);
    const [cluster, endpoint] = [clusterStack(this.parts), endpointStack(this.parts)];
    this.stacks = { cluster: stacks.cluster?.(cluster) ?? cluster, endpoint: stacks.endpoint?.(endpoint) ?? endpoint };
    const attempt = watchAttempts(env.watch, this.stacks.endpoint.around(sendService));
    this.#hinge = balance(env, this.parts.nodes, resolving, attempt, around.registry);
    this.call = this.stacks.cluster.around(this.#hinge);
    this.#cancel = resolving.watch((resolution) => this.#learn(resolution));
  }

  /** The way of calls from below a slot on, for those that come from elsewhere; below `deadline` where it is not there. */
  below(slot: string): Service<Call<unknown>, unknown> {
    let way = this.#below.get(slot);
    if (way === undefined) {
      way = this.#stackBelow(slot).around(this.#hinge);
      this.#below.set(slot, way);
    }
    return way;
  }

  /** The slots that such calls meet. */
  namesBelow(slot: string): readonly string[] {
    return this.#stackBelow(slot).names;
  }

  #stackBelow(slot: string): OutboundStack {
    const { cluster } = this.stacks;
    const last = [slot, 'deadline'].find((name) => cluster.names.includes(name));
    return last === undefined ? cluster : cluster.below(last);
  }

  /** Where the service lives, as far as the registry has told. */
  get known(): Live<Resolution> {
    return this.#resolving;
  }

  get resolution(): Resolution {
    return this.#resolving.value;
  }

  /** Retries that are left for calls like this one, whole ones. */
  retriesLeft({ policy: { retry } }: Pick<Context, 'policy'>): number {
    return Math.floor(this.parts.budget.balance(retry.budget, retry.perSecond, this.#env.clock.now()));
  }

  /** Records of the service in the registry that can not be read. */
  get unreadable(): Unreadable {
    return this.#resolving.unreadable ?? NONE_UNREADABLE;
  }

  /** The settings for calls without a route of their own; looked up once for each policy document. */
  policy(policies: PolicySet): Policy {
    if (policies !== this.#policies || this.#policy === undefined) {
      this.#policies = policies;
      this.#policy = policies.for(this.service);
    }
    return this.#policy;
  }

  async close(): Promise<void> {
    this.#cancel();
    this.parts.circuits.close();
    this.parts.checks.close();
    this.parts.mirrors.close();
    this.parts.answers.close();
    this.parts.failbacks.close();
    this.#drop(this.parts.nodes.update([]).removed.map((node) => node.endpoint.url));
    await this.#resolving[Symbol.asyncDispose]();
  }

  #staleSince: number | undefined;

  /** For how many milliseconds the list has stood without the registry, and what the registry says; nothing while it is there. */
  stale(now: number): { readonly ms: number; readonly problem: string } | undefined {
    const { value } = this.#resolving;
    if (value.is !== 'stale') return undefined;
    return { ms: now - (value.since ?? this.#staleSince ?? now), problem: messageOf(value.error) };
  }

  #learn(resolution: Resolution): void {
    if (resolution.is !== 'pending') this.#follow(resolution.is === 'unknown' ? [] : resolution.endpoints);
    const stale = 'error' in resolution;
    if (stale === (this.#staleSince !== undefined)) return;
    const { events, clock } = this.#env;
    this.#staleSince = stale ? clock.now() : undefined;
    const error = stale ? messageOf(resolution.error) : '';
    events.emit({ at: clock.epoch(), service: this.service, type: 'registry', stale, error });
  }

  #follow(endpoints: readonly Endpoint[]): void {
    const change = this.parts.nodes.update(endpoints);
    this.#drop(change.removed.map((node) => node.endpoint.url));
    const { events, clock } = this.#env;
    if (change.added.length + change.removed.length === 0 || !events.hears('endpoints')) return;
    const [added, removed] = [change.added, change.removed].map((nodes) => nodes.map((node) => node.endpoint.address));
    const facts = { at: clock.epoch(), service: this.service, endpoints: this.parts.nodes.size };
    events.emit({ ...facts, type: 'endpoints', added: added!, removed: removed! });
  }

  #drop(urls: readonly string[]): void {
    for (const url of urls) this.#forget(url);
  }
}
