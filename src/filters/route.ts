import { mayAsk } from '../core/asker.ts';
import type { Call } from '../core/call.ts';
import { callHeader } from '../core/call-header.ts';
import { type Context, copy } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { nothing, passes, type SlotPlan, sends } from '../core/plan.ts';
import type { Reach } from '../core/reach.ts';
import type { Filter, Service } from '../core/service.ts';
import { Xxh64 } from '../math/xxh64.ts';
import { type Matched, type ReadRouteRule, type RouteRule, type RouteTarget, readRouteRule } from '../policy/match.ts';
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
  const { history } = context;
  const wish = wishOf(context, self);
  if (wish === undefined) return undefined;
  if (wish.is === 'refused') history.baggage = history.baggage.with(ROUTE_MEMBER, undefined);
  tell(env, context, wish.to, wish.is, '');
  return wish.is === 'override' ? wish.to : undefined;
}

/** What somebody asks for by baggage, and what is to become of that; nothing where nobody asks for this service. */
function wishOf(context: Context, self: string): { is: 'refused' | 'circle' | 'override'; to: string } | undefined {
  const { history, service, policy } = context;
  const asked = history.baggage.get(ROUTE_MEMBER);
  if (asked === undefined) return undefined;
  if (!mayAsk(policy.route.callers, context, self)) return { is: 'refused', to: '' };
  const to = overrideOf(asked, service);
  if (to === undefined || to === service) return undefined;
  return { is: to === self ? 'circle' : 'override', to };
}

/** The rules of the policies of late, read once each, and where they lead. */
class Routing {
  readonly #env: Env;
  readonly #around: Around;
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
    const rule = read.find((one) => one.fits(matchedOf(call)));
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
  #share(call: Call<unknown>, context: Context, by: string): number {
    return shareOf(call, context, by) ?? this.#env.random.next();
  }
}

const matchedOf = (call: Call<unknown>): Matched => ({
  method: call.method,
  path: call.path,
  header: (name) => callHeader(call, name),
});

const hash = new Xxh64();

/** Where among all calls one stands by what it is kept together by; nothing where it has nothing of the kind. */
function shareOf(call: Call<unknown>, { service, key }: Context, by: string): number | undefined {
  const kept = by === '' ? key : callHeader(call, by);
  return kept === undefined ? undefined : hash.text(`${service} ${kept}`).hi / 0x1_0000_0000;
}

/** One of the ways that a call may take. */
export interface RouteWay {
  readonly share: number;
  readonly service: string;
  readonly labels: Going['labels'];
}

/** Where it would send a call, for who only looks: one way, or several with their shares where chance decides. */
export function planRoute(
  call: Call<unknown>,
  context: Context,
  self: string,
): { readonly plan: SlotPlan; readonly ways: readonly RouteWay[] } {
  const { rules, by } = context.policy.route;
  const { service } = context;
  const stays = (plan: SlotPlan) => ({ plan, ways: [{ share: 1, service, labels: NONE }] });
  const wish = wishOf(context, self);
  if (wish?.is === 'override')
    return {
      plan: sends('route', `to ${wish.to}, as the baggage asks`),
      ways: [{ share: 1, service: wish.to, labels: NONE }],
    };
  const refused =
    wish === undefined
      ? ''
      : wish.is === 'circle'
        ? 'the baggage would lead back to us; '
        : 'who asks for another way by baggage may not; ';
  if (rules.length === 0)
    return stays(refused === '' ? nothing('route', 'off') : passes('route', `${refused}it goes where it was sent`));
  const read = rules.map(readRouteRule).find((one) => one.fits(matchedOf(call)));
  if (read === undefined) return stays(passes('route', `${refused}none of ${rules.length} rules is for it`));
  const share = shareOf(call, context, by);
  const only = share === undefined ? undefined : read.target(share);
  const total = read.rule.to.reduce((sum, { weight }) => sum + weight, 0);
  const targets = only === undefined ? read.rule.to.filter(({ weight }) => weight > 0) : [only];
  if (targets.length === 0) return stays(passes('route', `${refused}${sayRoute(read.rule)}`));
  const ways = targets.map(({ service: to, labels, weight }) => ({
    share: only === undefined ? weight / total : 1,
    service: to === '' ? service : to,
    labels,
  }));
  const why = only === undefined ? 'by chance' : `by its ${by === '' ? 'key' : by}`;
  const decided = read.rule.to.length === 1 ? '' : `, ${why}`;
  return { plan: sends('route', `${refused}${sayRoute(read.rule)}${decided}`), ways };
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
