import type { Clock } from '../core/clock.ts';
import type { Context } from '../core/context.ts';
import { ANONYMOUS, type Principal } from '../core/principal.ts';
import type { Priority } from '../core/priority.ts';
import { FINAL_HEADER } from '../wire/nack.ts';
import type { Trace } from '../wire/trace-context.ts';
import { routeOf } from './route-name.ts';

/** What a request tells of its route. */
export interface Routed {
  /** The HTTP method. */
  readonly method: string;
  /** The route as the framework wrote it down (`/orders/:id`), once the framework knows. */
  readonly template: string | undefined;
  /** The framework's own object. */
  readonly request: unknown;
  /** Adds a header to the answer, where that has not begun. */
  remark?(name: string, value: string): void;
}

/** What is known of a request being served. */
export class RequestContext {
  readonly #routed: Routed;
  readonly #context: Context;
  readonly #clock: Clock;

  /** @internal The mesh makes it. */
  constructor(routed: Routed, context: Context, clock: Clock) {
    this.#routed = routed;
    this.#context = context;
    this.#clock = clock;
  }

  /** Aborts at the deadline, and when the caller hangs up before it has its answer. */
  get signal(): AbortSignal {
    return this.#context.scope.signal;
  }

  /** When it must be answered, in milliseconds since 1970 began; undefined when the caller set no limit. */
  get deadline(): number | undefined {
    const left = this.timeLeftMs;
    return left === Number.POSITIVE_INFINITY ? undefined : this.#clock.epoch() + left;
  }

  /** Milliseconds until then, 0 when it is over; Infinity when the caller set no limit. */
  get timeLeftMs(): number {
    return Math.max(0, this.#context.scope.due - this.#clock.now());
  }

  /** The trace that it belongs to; undefined only where the policy begins none and none came. */
  get trace(): Trace | undefined {
    return this.#context.history.trace;
  }

  /** Who calls, as proven; one that is anonymous where nothing was. */
  get principal(): Principal {
    return this.#context.history.principal ?? ANONYMOUS;
  }

  /** How much it matters when not all can be served; calls made while serving it matter as much. */
  get priority(): Priority {
    return this.#context.history.priority;
  }

  /** The `x-request-id` that came with it, and goes along with the calls made while serving it. */
  get requestId(): string | undefined {
    return this.#context.history.requestId;
  }

  /** Its route, such as `GET /orders/{id}`: as the policy names it, else as the framework does, once that knows. */
  get route(): string | undefined {
    return routeOf(this.#context.route, this.#routed);
  }

  /** @internal Says in the answer that trying again is no use: who called us would multiply what we tried already. */
  retriesSpent(): void {
    this.#routed.remark?.(FINAL_HEADER, 'true');
  }

  /** @internal What filters know of the same request. */
  static contextOf(request: RequestContext): Context {
    return request.#context;
  }

  /** @internal Whether `request`, the framework's own object, is the one being served. */
  serves(request: unknown): boolean {
    return this.#routed.request === request;
  }
}
