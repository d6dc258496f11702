import type { CallOptions } from '../core/call.ts';
import { MeshError } from '../core/errors.ts';
import type { MeshEvent } from '../core/events.ts';
import type { Cancel } from '../core/live.ts';
import type { TappedCall } from '../core/tapped.ts';
import { checkCall } from './calls.ts';
import { explain } from './explain.ts';
import type { Inside } from './inside.ts';
import { type CallPlan, planCall } from './plan.ts';
import { sayPlan } from './say-plan.ts';
import { type Snapshot, snapshot } from './snapshot.ts';
import type { TapOptions } from './tap.ts';
import { countedBy } from './watched.ts';

const noSend = (): void => {};

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

  /**
   * Tells `listener` what happens: attempts, retries, ejections and the like. Gives back the way to stop.
   * @param listener Hears every event at once when it happens. That it throws, or rejects, harms nobody.
   * @throws MeshError INVALID_ARGUMENT for what is no function.
   */
  on(listener: (event: MeshEvent) => void): Cancel {
    if (typeof listener !== 'function') throw new MeshError('request', `on needs a function, got ${typeof listener}`);
    return this.#inside.env.events.on(listener);
  }

  /**
   * How a call to `service` would go and why, for people. With nothing more, or a route: the stack, the settings and their
   * origin, the endpoints. With a request, in the words of the options of `call`: what would become of that very call if it
   * were made now, slot by slot, and which endpoint it would go to, or by what chance. Asking changes nothing.
   * @param service The name, as the registry has it. Our own tells how requests to us stand, too.
   * @param request A route as the policy names it, or a call.
   * @throws MeshError INVALID_ARGUMENT for what is no service name, and for an option that there is not.
   */
  explain(service: string, request?: string | CallOptions): string {
    if (request !== undefined && typeof request !== 'string' && typeof request !== 'object') {
      throw new MeshError('request', `explain: a route must be text, and a call an object, got ${typeof request}`);
    }
    if (typeof request === 'object') return sayPlan(this.plan(service, request));
    const { clusters, policies, registry, env, serving } = this.#inside;
    const text = explain(clusters.look(service), policies.current, registry, env.clock.now(), request);
    return service === this.service ? [text, ...serving.lines].join('\n') : text;
  }

  /**
   * The same for programs: what would become of a call if it were made now, as plain JSON. Nothing is sent, counted, drawn
   * or kept for it. What filters of your own would do only a call can tell; these are listed as `unasked`.
   * @param service The name, as the registry has it.
   * @param request The call; one of which nothing is known unless told.
   * @throws MeshError INVALID_ARGUMENT as `explain` does.
   */
  plan(service: string, request: CallOptions = {}): CallPlan {
    checkCall(noSend, request);
    const { clusters, policies, registry, env, ambient } = this.#inside;
    return planCall(
      service,
      {
        policies: policies.current,
        registry: registry.name,
        self: this.service,
        identity: env.identity,
        ambient: ambient.current,
        now: env.clock.now(),
        epoch: env.clock.epoch(),
        look: (name) => clusters.look(name),
      },
      request,
    );
  }

  /**
   * What becomes of calls, as they end: `for await (const call of mesh.tap({ service: 'orders', match: { outcome: 'failure' } }))`.
   * Each tells every attempt with its endpoint, who was passed over and why, what was waited, the time and what the retry
   * budget has left. Headers are shown by name, their values only where they hold no secret. Who is slow loses the oldest,
   * and is told how many in `lost`. Ends by `break`, by `return()`, and with the mesh. While nobody taps it costs nothing.
   * @param options Which calls, how many are kept (100 unless told), and which values of headers are shown.
   * @throws MeshError INVALID_ARGUMENT for an option that there is not, or is not usable.
   */
  tap(options: TapOptions = {}): AsyncIterableIterator<TappedCall, undefined> & AsyncDisposable {
    return this.#inside.taps.open(options);
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
