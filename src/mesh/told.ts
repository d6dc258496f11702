import { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Cancel } from '../core/live.ts';
import { explain, type Snapshot, snapshot } from './explain.ts';
import type { Inside } from './inside.ts';
import { countedBy } from './watched.ts';

/** What a mesh tells of itself. */
export abstract class ToldMesh {
  /** Who we are. */
  readonly service: string;
  readonly #inside: Inside;

  constructor(inside: Inside) {
    this.service = inside.service;
    this.#inside = inside;
    inside.env.watch?.observe(inside.service, () => this.snapshot());
  }

  /** Tells `listener` what happens: attempts, retries, ejections and the like. Gives back the way to stop. */
  on(listener: (event: MeshEvent) => void): Cancel {
    if (typeof listener !== 'function') throw new MeshError('request', `on needs a function, got ${typeof listener}`);
    return this.#inside.env.events.on(listener);
  }

  /** How a call to `service` would go and why, for people: the stack, the settings and their origin, the endpoints. */
  explain(service: string, route?: string): string {
    const { clusters, policies, registry, env, serving } = this.#inside;
    const text = explain(clusters.get(service), policies.current, registry, env.clock.now(), route);
    return service === this.service ? [text, ...serving.lines].join('\n') : text;
  }

  /** What is known of every service called, as plain JSON. */
  snapshot(): Snapshot {
    const { clusters, policies, registry, env, serving } = this.#inside;
    const own = { ...serving.facts, identity: env.identity?.facts() ?? null };
    return snapshot(this.service, registry, clusters.all(), policies.current, env.clock, own);
  }

  /**
   * What was counted, as text that Prometheus reads (format 0.0.4, `text/plain; version=0.0.4`).
   * @throws MeshError INVALID_ARGUMENT unless the mesh was made with `telemetry: { prometheus: true }`.
   */
  metrics(): string {
    return countedBy(this.#inside.env.watch);
  }
}
