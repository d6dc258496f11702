import type { Call } from '../core/call.ts';
import type { Peers } from '../core/peers.ts';
import type { Reached } from '../core/reach.ts';
import type { Siblings } from '../core/siblings.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { Clusters } from './clusters.ts';
import type { Surroundings } from './parts.ts';
import type { RegisteredSiblings } from './registered-siblings.ts';

/** What a service called may know of the mesh around it: who we are, how many of us there are, and the other services. */
export class Neighbourhood implements Surroundings {
  readonly self: string;
  readonly registry: string;
  readonly #siblings: RegisteredSiblings;
  readonly #clusters: () => Clusters;
  readonly #policies: () => PolicySet;

  constructor(
    { self, registry }: Pick<Surroundings, 'self' | 'registry'>,
    siblings: RegisteredSiblings,
    clusters: () => Clusters,
    policies: () => PolicySet,
  ) {
    this.self = self;
    this.registry = registry;
    this.#siblings = siblings;
    this.#clusters = clusters;
    this.#policies = policies;
  }

  get siblings(): Siblings {
    return this.#siblings;
  }

  get peers(): Peers {
    return this.#siblings;
  }

  readonly reach = (service: string, { method, path }: Call<unknown>): Reached => {
    const policies = this.#policies();
    const cluster = this.#clusters().get(service);
    const known = method !== undefined && path !== undefined && policies.hasRoutes(service);
    const route = known ? policies.routeOf(service, method, path) : undefined;
    return {
      policy: route === undefined ? cluster.policy(policies) : policies.for(service, route),
      route,
      below: (slot) => cluster.below(slot),
    };
  };

  /** Calls off the copies of calls that are under way: nobody waits for them, so nothing needs to either. */
  callOff(): void {
    for (const cluster of this.#clusters().all()) cluster.parts.mirrors.close();
  }

  async close(): Promise<void> {
    await this.#siblings.close().catch(() => {}); // the registry, which is closed next, ends it as well
  }
}
