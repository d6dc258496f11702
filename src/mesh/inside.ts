import type { Caller } from '../core/call.ts';
import type { Env } from '../core/env.ts';
import { Events } from '../core/events.ts';
import type { Cancel } from '../core/live.ts';
import { seeded } from '../core/random.ts';
import { checkServiceName } from '../discovery/names.ts';
import type { Registry } from '../discovery/registry.ts';
import type { PolicySet } from '../policy/policy.ts';
import { AmbientContext } from './ambient.ts';
import { makeApart } from './apart.ts';
import { askService } from './authorizing.ts';
import { Cluster, type Stacks } from './cluster.ts';
import { Clusters } from './clusters.ts';
import { LazyTransport } from './lazy-transport.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { Policies } from './policies.ts';
import { Presence } from './presence.ts';
import { RegisteredSiblings } from './registered-siblings.ts';
import { Serving } from './serving.ts';
import { tellOfSession } from './session-news.ts';
import { Taps } from './taps.ts';

/** What a mesh is made of: its faces, the one that calls and those that serve and tell, share it. */
export class Inside {
  readonly service: string;
  readonly env: Env;
  readonly registry: Registry;
  readonly policies: Policies;
  readonly ambient: AmbientContext;
  readonly clusters: Clusters;
  readonly around: Neighbourhood;
  readonly presence: Presence;
  readonly serving: Serving;
  readonly transport: LazyTransport;
  readonly taps: Taps;
  readonly unwatchSession: Cancel;
  readonly #stacks: Stacks;

  /** `caller` gives the mesh itself, once it is made. */
  constructor(
    { service, env, registry }: Pick<Inside, 'service' | 'env' | 'registry'>,
    policies: PolicySet,
    stacks: Stacks,
    caller: () => Caller,
  ) {
    this.service = service;
    this.env = env;
    this.registry = registry;
    this.policies = new Policies(service, env, policies);
    this.#stacks = stacks;
    this.ambient = new AmbientContext(env.clock);
    this.presence = new Presence(service, env, registry);
    this.unwatchSession = tellOfSession(service, env, registry);
    const apart = makeApart();
    const loadTransport = async () => {
      const { openTransport } = await import('../transport/transport.ts');
      return openTransport(env, caller(), (called) => this.policies.current.for(called));
    };
    this.transport = new LazyTransport(loadTransport, apart);
    const current = () => this.policies.current;
    const siblings = new RegisteredSiblings(service, registry, env.random, () => this.presence.id);
    this.around = new Neighbourhood({ self: service, registry: registry.name }, siblings, () => this.clusters, current);
    this.clusters = new Clusters(
      (name) => apart(() => this.#open(name, env)),
      (name) => this.#open(name, { ...env, events: new Events(), watch: undefined, random: seeded(1) }), // tells nobody, draws nothing
      env.clock,
    );
    this.taps = new Taps(env.watch, (context) => this.clusters.look(context.service).retriesLeft(context));
    const ask = askService((url, options) => this.transport.request(url, options));
    this.serving = new Serving({ service, env, ambient: this.ambient }, stacks, current, {
      readiness: () => this.presence.readiness,
      siblings: this.around.siblings,
      check: (url, asked, context) =>
        context === undefined ? ask(url, asked) : this.ambient.serve(context, undefined, () => ask(url, asked)),
    });
  }

  #open(service: string, env: Env): Cluster {
    checkServiceName(service);
    const forget = (url: string) => this.transport.forget(url);
    return new Cluster(service, env, this.registry.resolve(service), this.#stacks, forget, this.around);
  }
}
