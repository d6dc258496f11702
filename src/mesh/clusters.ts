import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { Cluster } from './cluster.ts';
import { Looks } from './looks.ts';

const MOST = 1_000; // services called at a time; a URL from outside may name any

/** What is held for the services called, each made when it is first called; those called last, and those depended on. */
export class Clusters {
  readonly #open: (service: string) => Cluster;
  readonly #kept = new Map<string, Cluster>();
  readonly #recent = new LRUCache<string, Cluster>({
    max: MOST,
    dispose: (cluster) => {
      if (this.#kept.get(cluster.service) !== cluster) void cluster.close().catch(() => {});
    },
  });

  #last: Cluster | undefined; // asked for last, so never the one to be let go of
  readonly #looks: Looks;

  /** `look` opens one for who only looks. */
  constructor(open: (service: string) => Cluster, look: (service: string) => Cluster, clock: Clock) {
    this.#open = open;
    this.#looks = new Looks(look, clock);
  }

  /** What is held for a service, for who only looks: being looked at is not being called, and keeps nothing. */
  look(service: string): Cluster {
    return this.#recent.peek(service) ?? this.#kept.get(service) ?? this.#looks.at(service);
  }

  get(service: string): Cluster {
    if (this.#last !== undefined && this.#last.service === service) return this.#last; // as nearly always
    this.#last = this.#recent.get(service) ?? this.#begin(service);
    return this.#last;
  }

  #begin(service: string): Cluster {
    const cluster = this.#kept.get(service) ?? this.#open(service);
    this.#looks.end(service);
    this.#recent.set(service, cluster);
    return cluster;
  }

  /** As `get`; and this one is held until all are closed, however many others are called. */
  keep(service: string): Cluster {
    const cluster = this.get(service);
    this.#kept.set(service, cluster);
    return cluster;
  }

  all(): readonly Cluster[] {
    return [...new Set([...this.#recent.values(), ...this.#kept.values()])];
  }

  close(): void {
    this.#looks.close();
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const cluster of kept) if (!this.#recent.has(cluster.service)) void cluster.close().catch(() => {});
    this.#last = undefined;
    this.#recent.clear();
  }
}
