import { type Context, History } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { isIdempotent } from '../core/idempotent.ts';
import { Scope } from '../core/scope.ts';
import { ask, refuse, type Service } from '../core/service.ts';
import type { Stack } from '../core/stack.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { Policy } from '../policy/table.ts';
import { readings } from '../wire/path.ts';
import type { Arrival, MeshReceiver } from './arrival.ts';
import { refusalOf } from './problem.ts';
import { RequestContext } from './request-context.ts';
import { RouteGuards } from './route-guards.ts';

/** A stack of the way in. */
export type InboundStack = Stack<Arrival, unknown>;

/** What the way in needs of the mesh that it leads to. */
export interface House {
  /** Who we are: the service that is called. */
  readonly service: string;
  readonly env: Env;
  readonly policies: () => PolicySet;
  /** Runs `work` so that the calls it makes inherit what the request brought. */
  enter<T>(context: Context, request: RequestContext, work: () => T): T;
}

/** The way of a request, from the socket to your handler. One for each mesh. */
export class WayIn implements MeshReceiver {
  readonly #house: House;
  readonly #way: Service<Arrival, unknown>;
  #policies: PolicySet | undefined;
  #hasRoutes = false;
  #usual: Policy | undefined; // for requests that no route of the policy names
  #guards: RouteGuards | undefined;

  constructor(house: House, stack: InboundStack) {
    this.#house = house;
    this.#way = stack.around((arrival, context) => {
      if (context.scope.cancelled) return refuse(context.scope.reason); // on its way in: nobody waits for it any more
      const request = new RequestContext(arrival, context, house.env.clock);
      context.history.attempts = 1; // it has been handed over: what goes wrong from here on is not of the way in
      return house.enter(context, request, () => arrival.serve(request));
    });
  }

  /**
   * Takes a request in. What the way in refuses is answered by `refuse`; what goes wrong once it was handed over is told to
   * `failed`, and rejects where there is none.
   */
  receive(arrival: Arrival): Promise<unknown> {
    const context = this.#begin(arrival);
    return ask(this.#way, arrival, context).then(undefined, (error) => {
      if (context.history.attempts === 0) return arrival.refuse(refusalOf(error));
      if (arrival.failed === undefined) throw error;
      return arrival.failed(error);
    });
  }

  #begin({ method, path }: Arrival): Context {
    const { service, env } = this.#house;
    const policies = this.#house.policies();
    if (policies !== this.#policies) {
      this.#policies = policies;
      this.#usual = policies.for(service);
      this.#hasRoutes = policies.hasRoutes(service);
      this.#guards = RouteGuards.of(policies, service);
    }
    const route = this.#hasRoutes ? routeFor(policies, service, method, path) : undefined;
    const policy = route === undefined ? this.#usual! : policies.for(service, route);
    return {
      service,
      policy: this.#guards === undefined ? policy : this.#guards.policyFor(policy, route, method, path),
      route,
      key: undefined,
      idempotent: isIdempotent(method),
      replayable: false,
      scope: new Scope(),
      begunAt: env.clock.now(),
      attempt: 1,
      flight: undefined,
      classify: undefined,
      history: new History(),
    };
  }
}

/** The route that a request falls under; none where servers might take its path for one of another route. */
export function routeFor(policies: PolicySet, service: string, method: string, path: string): string | undefined {
  const route = policies.routeOf(service, method, path);
  const read = readings(path);
  const isClear = read === undefined || read.every((one) => policies.routeOf(service, method, one) === route);
  return isClear ? route : undefined;
}
