import { mayAsk } from '../core/asker.ts';
import type { Call } from '../core/call.ts';
import { callHeader } from '../core/call-header.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import type { Reach } from '../core/reach.ts';
import type { Filter, Service } from '../core/service.ts';
import { Xxh64 } from '../math/xxh64.ts';
import { type ReadRouteRule, type RouteRule, type RouteTarget, readRouteRule } from '../policy/match.ts';
import type { Policy } from '../policy/table.ts';
import { Baggage } from '../wire/baggage.ts';
import { overrideOf, ROUTE_MEMBER } from '../wire/route-override.ts';

/** What `route` needs to know of the mesh around it. */
export interface Around {
  /** Who we are. */
  readonly self: string;
  readonly reach: Reach;
}

type Going = Pick<RouteTarget, 'service' | 'labels'>;

/**
 * Sends calls where the policy says, or where somebody who may asks for by baggage, however many hops away. A call is
 * routed once, and never by an override back to ourselves: so no rules and no baggage can lead it in a circle.
 */
export function route<Res>(env: Env, around: Around): Filter<Call<Res>, Res> {
  const routing = new Routing(env, around);
  return (next) => (call, context) => {
    const { rules: listed } = context.policy.route;
    if (listed.length === 0 && context.history.baggage === Baggage.NONE) return next(call, context);
    const override = overriding(env, context, around);
    if (override !== undefined) return routing.go(next, call, context, { service: override, labels: NONE });
    const found = listed.length === 0 ? undefined : routing.find(call, context);
    if (found === undefined) return next(call, context);
    tell(env, context, found.target.service, 'rule', found.rule.name);
    return routing.go(next, call, context, found.target);
  };
}

const NONE: Readonly<Record<string, string>> = Object.freeze({});

/** Where the baggage sends the call. What was asked for by who may not is taken out, so that it goes no further. */
function overriding(env: Env, context: Context, { self }: Around): string | undefined {
  const { history, service, policy } = context;
  const asked = history.baggage.get(ROUTE_MEMBER);
  if (asked === undefined) return undefined;
  if (!mayAsk(policy.route.callers, context, self)) {
    history.baggage = history.baggage.with(ROUTE_MEMBER, undefined);
    tell(env, context, '', 'refused', '');
    return undefined;
  }
  const target = overrideOf(asked, service);
  if (target === undefined || target === service) return undefined;
  tell(env, context, target, target === self ? 'circle' : 'override', '');
  return target === self ? undefined : target;
}

/** The rules of the policies of late, read once each, and where they lead. */
class Routing {
  readonly #env: Env;
  readonly #around: Around;
  readonly #hash = new Xxh64();
  readonly #read = new WeakMap<readonly RouteRule[], readonly ReadRouteRule[]>();

  readonly #narrowed = new WeakMap<Policy, WeakMap<Going['labels'], Policy>>();

  constructor(env: Env, around: Around) {
    this.#env = env;
    this.#around = around;
  }

  /** Sends the call on: to endpoints of the same service, or into the way of another, below the slot of this filter. */
  go<Res>(next: Service<Call<Res>, Res>, call: Call<Res>, context: Context, { service, labels }: Going): Promise<Res> {
    const own = copy(context);
    if (service === '' || service === context.service) {
      own.policy = this.#within(context.policy, labels);
      return next(call, own);
    }
    const reached = this.#around.reach(service, call as Call<unknown>);
    own.service = service;
    own.route = reached.route;
    own.policy = this.#within(reached.policy, labels);
    return reached.below('route')(call as Call<unknown>, own) as Promise<Res>;
  }

  find(call: Call<unknown>, context: Context): { rule: RouteRule; target: RouteTarget } | undefined {
    const { rules, by } = context.policy.route;
    let read = this.#read.get(rules);
    if (read === undefined) {
      read = rules.map(readRouteRule);
      this.#read.set(rules, read);
    }
    const { method, path } = call;
    const matched = { method, path, header: (name: string) => callHeader(call, name) };
    const rule = read.find((one) => one.fits(matched));
    const target = rule?.target(this.#share(call, context, by));
    return target === undefined ? undefined : { rule: rule!.rule, target };
  }

  /** The settings with another subset; made once for each, as what follows knows them by what they are. */
  #within(policy: Policy, labels: Going['labels']): Policy {
    if (Object.keys(labels).length === 0) return policy;
    const known = this.#narrowed.get(policy) ?? new WeakMap<Going['labels'], Policy>();
    this.#narrowed.set(policy, known);
    const narrowed = known.get(labels) ?? { ...policy, subset: { ...policy.subset, labels } };
    known.set(labels, narrowed);
    return narrowed;
  }

  /** From 0 to 1: the same for all calls of one key, in every process. */
  #share(call: Call<unknown>, { service, key }: Context, by: string): number {
    const kept = by === '' ? key : callHeader(call, by);
    if (kept === undefined) return this.#env.random.next();
    return this.#hash.text(`${service} ${kept}`).hi / 0x1_0000_0000;
  }
}

/** How a rule sends calls, as a sentence. */
export function sayRoute({ name, to }: RouteRule): string {
  const total = to.reduce((sum, { weight }) => sum + weight, 0);
  const parts = to.map(({ service, labels, weight }) => {
    const where = service === '' ? 'where it was sent' : service;
    const which = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    return `${total === 0 ? 0 : Math.round((1_000 * weight) / total) / 10} % to ${[where, ...which].join(' ')}`;
  });
  return `route${name === '' ? '' : ` ${name}`}: ${parts.join(', ')}`;
}

function tell(
  { clock, events }: Env,
  { service, route: from = '' }: Context,
  to: string,
  why: 'rule' | 'override' | 'refused' | 'circle',
  rule: string,
): void {
  if (events.hears('route')) events.emit({ at: clock.epoch(), type: 'route', service, route: from, to, why, rule });
}
