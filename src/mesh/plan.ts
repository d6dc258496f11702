import { whyNobody } from '../balancer/balance.ts';
import { type DecidedBy, type Odds, odds, toAll } from '../balancer/odds.ts';
import { whyPassed } from '../balancer/passed-over.ts';
import { isRoomFor } from '../balancer/room.ts';
import type { Call, CallOptions } from '../core/call.ts';
import { type Context, copy } from '../core/context.ts';
import type { LevelFacts } from '../core/endpoint-events.ts';
import { IDEMPOTENT } from '../core/idempotent.ts';
import type { Identity } from '../core/identity.ts';
import type { Node } from '../core/node.ts';
import type { PassedOverWhy } from '../core/passed-over.ts';
import type { SlotPlan } from '../core/plan.ts';
import type { Priority } from '../core/priority.ts';
import type { Resolution } from '../core/resolution.ts';
import { type DeadlinePlan, planDeadline } from '../filters/deadline.ts';
import { planRoute, type RouteWay } from '../filters/route.ts';
import { planStrategy } from '../filters/strategy.ts';
import type { PolicySet } from '../policy/policy.ts';
import type { Policy } from '../policy/table.ts';
import type { Ambient } from './ambient.ts';
import { makeCall, makeContext } from './calls.ts';
import type { Cluster } from './cluster.ts';
import { type Planning, planSlots } from './plan-slots.ts';
import { type EndpointSnapshot, ofNode } from './snapshot.ts';

/** An endpoint, as a call would find it now. */
export interface PlannedEndpoint extends EndpointSnapshot {
  /** Of how many calls like this one, from 0 to 1, it would get the first attempt; of very many endpoints by weight alone. */
  readonly share: number;
  /** Why it is no choice; null where it is one, lucky or not. */
  readonly passedOver: PassedOverWhy | null;
}

/** One of the ways that a call may take. */
export interface WayPlan {
  /** Of how many calls like this one; 1 unless chance decides. */
  readonly share: number;
  /** The service that it really goes to. */
  readonly service: string;
  /** Its route there; null where it has none. */
  readonly route: string | null;
  /** The labels that endpoints must have. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is known of where it lives. */
  readonly resolution: Resolution['is'];
  /** What the slots from below `route` to the balancer would do. */
  readonly slots: readonly SlotPlan[];
  /** Its endpoints by priority and zone, best first; empty while all stand on the same. */
  readonly levels: readonly LevelFacts[];
  /** Whether so few are well that health is ignored. */
  readonly panic: boolean;
  /** Which picker chooses. */
  readonly picker: Policy['balance']['picker'];
  /** What it is that decides. */
  readonly by: DecidedBy;
  /** Why nobody may be chosen; empty where somebody may. */
  readonly nobody: string;
  /** Whose the key is while all are well, where that is another than who gets the call; null else. */
  readonly owner: string | null;
  /** All there are; those that get most come first. */
  readonly endpoints: readonly PlannedEndpoint[];
  /** What the slots from the balancer to the wire would do, with each attempt. */
  readonly attempt: readonly SlotPlan[];
}

/** What would become of a call if it were made now, as plain JSON. */
export interface CallPlan {
  /** The service called. */
  readonly service: string;
  /** Which registry, for people. No secret. */
  readonly registry: string;
  /** When it was made (ISO 8601). */
  readonly at: string;
  /** The HTTP method; null where the caller did not say. */
  readonly method: string | null;
  /** Without its query, which may hold secrets. */
  readonly path: string | null;
  /** Its route, as the policy names it; null where it has none. */
  readonly route: string | null;
  /** How much it matters when not all can be served. */
  readonly priority: Priority;
  /** Where its key is from: `call`, or as `hash.key` names it. Never the key. Null where it has none. */
  readonly key: string | null;
  /** Whether it does no harm to send it twice. */
  readonly idempotent: boolean;
  /** Why it is, or is not. */
  readonly idempotentAs: string;
  /** Whether it can be sent twice at all. */
  readonly replayable: boolean;
  /** How long it may take, and who says so. */
  readonly deadline: DeadlinePlan;
  /** What the slots would do down to `route`. */
  readonly slots: readonly SlotPlan[];
  /** One, or several where chance decides which. */
  readonly ways: readonly WayPlan[];
}

/** What a plan is made from. */
export interface Plans {
  readonly policies: PolicySet;
  readonly registry: string;
  readonly self: string;
  readonly identity: Identity | undefined;
  readonly ambient: Ambient | undefined;
  readonly now: number;
  readonly epoch: number;
  /** What is held for a service, for who only looks. */
  look(service: string): Cluster;
}

/** Makes a plan of a call. Changes nothing, draws nothing, sends nothing. */
export function planCall(service: string, plans: Plans, options: CallOptions): CallPlan {
  const { policies, ambient, now, epoch } = plans;
  const cluster = plans.look(service);
  const asIs = { service, policy: (set: PolicySet) => set.for(service) };
  const call = makeCall(() => undefined, options);
  const context = makeContext(asIs, policies, ambient, now, options);
  const deadline = planDeadline(context, options.timeout !== undefined);
  context.scope.due = now + deadline.ms; // it is ours alone
  const planner = new Planner(plans, call, deadline);
  return {
    service,
    registry: plans.registry,
    at: new Date(epoch).toISOString(),
    method: options.method ?? null,
    path: options.path?.split(/[?#]/, 1)[0] ?? null,
    route: context.route ?? null,
    priority: context.history.priority,
    key: options.key !== undefined ? 'call' : context.key === undefined ? null : context.policy.hash.key,
    idempotent: context.idempotent,
    idempotentAs: whyIdempotent(options),
    replayable: context.replayable,
    deadline,
    ...planner.plan(cluster, context),
  };
}

/** Why a call does no harm when it is sent twice, or may. */
function whyIdempotent({ idempotent, method, headers }: CallOptions): string {
  if (idempotent !== undefined) return 'as the call itself says';
  if (method !== undefined && IDEMPOTENT.has(method)) return `${method} is`;
  if (headers?.['idempotency-key'] !== undefined) return 'it has an Idempotency-Key';
  return method === undefined ? 'nobody says that it is' : `${method} is not, and it has no Idempotency-Key`;
}

/** Follows one call along its ways. */
class Planner {
  readonly #plans: Plans;
  readonly #call: Call<unknown>;
  readonly #deadline: DeadlinePlan;

  constructor(plans: Plans, call: Call<unknown>, deadline: DeadlinePlan) {
    this.#plans = plans;
    this.#call = call;
    this.#deadline = deadline;
  }

  /** What stands down to where ways may part, and the ways. */
  plan(cluster: Cluster, context: Context): Pick<CallPlan, 'slots' | 'ways'> {
    const { names } = cluster.stacks.cluster;
    const parting = names.includes('route') ? names.indexOf('route') : names.length;
    const slots: SlotPlan[] = [];
    let own = context;
    for (const name of names.slice(0, parting)) {
      slots.push(...planSlots([name], this.#planning(cluster, own)));
      if (name === 'strategy') own = { ...copy(own), policy: planStrategy(own).policy };
    }
    const below = names.slice(parting + 1);
    const all: RouteWay = { share: 1, service: cluster.service, labels: {} };
    if (parting === names.length) return { slots, ways: [this.#way(all, cluster, own, below)] };
    const { plan, ways } = planRoute(this.#call, own, this.#plans.self);
    return { slots: [...slots, plan], ways: ways.map((way) => this.#branch(way, cluster, own, below)) };
  }

  #planning(cluster: Cluster, context: Context): Planning {
    const { now, self, identity, policies } = this.#plans;
    const { parts, service } = cluster;
    const view = parts.nodes.peek(context.policy);
    const isRoom = context.policy.limit.endpoint === 0 || isRoomFor(1, view, context);
    const named = context.route !== undefined && policies.names(service, context.route);
    return { call: this.#call, context, parts, deadline: this.#deadline, self, identity, now, view, isRoom, named };
  }

  /** One of the ways, to endpoints with labels or to another service. */
  #branch(way: RouteWay, from: Cluster, context: Context, below: readonly string[]): WayPlan {
    const { policies } = this.#plans;
    const own = { ...copy(context) };
    const isElsewhere = way.service !== from.service;
    const cluster = isElsewhere ? this.#plans.look(way.service) : from;
    if (isElsewhere) {
      const { method, path } = this.#call;
      own.service = way.service;
      own.route = method === undefined || path === undefined ? undefined : policies.routeOf(way.service, method, path);
      own.policy = policies.for(way.service, own.route);
    }
    if (Object.keys(way.labels).length > 0) {
      own.policy = { ...own.policy, subset: { ...own.policy.subset, labels: way.labels } };
    }
    return this.#way(way, cluster, own, isElsewhere ? cluster.namesBelow('route') : below);
  }

  #way(way: RouteWay, cluster: Cluster, context: Context, below: readonly string[]): WayPlan {
    const { now } = this.#plans;
    const { policy, history, key } = context;
    const planning = this.#planning(cluster, context);
    const { view } = planning;
    const isToAll = policy.strategy.mode === 'broadcast' && context.replayable;
    const chances = isToAll ? toAll(cluster.parts.nodes) : odds(view, { policy, key, priority: history.priority }, now);
    const [sole] = chances.shares.keys();
    return {
      share: way.share,
      service: cluster.service,
      route: context.route ?? null,
      labels: way.labels,
      resolution: cluster.resolution.is,
      slots: planSlots(below, planning),
      ...view.facts(policy),
      picker: policy.balance.picker,
      by: chances.by,
      nobody: chances.by === 'nobody' ? whyNone(cluster, planning) : '',
      owner: chances.owner === undefined || chances.owner === sole ? null : chances.owner.endpoint.address,
      endpoints: endpointsOf(cluster, planning, chances),
      attempt: planSlots(cluster.stacks.endpoint.names, planning, true),
    };
  }
}

function whyNone({ resolution, parts: { nodes } }: Cluster, { view, isRoom }: Planning): string {
  if (resolution.is === 'pending') return 'the registry has not said yet where it lives: it would wait for that';
  return isRoom ? whyNobody(resolution, nodes, view.whole) : 'every endpoint has as many calls under way as it may';
}

function endpointsOf(cluster: Cluster, { view, context, now }: Planning, { shares, by }: Odds): PlannedEndpoint[] {
  const { policy, history } = context;
  const { levels, panic } = view.facts(policy);
  const passed = whyPassed(view, policy, [], history.priority);
  const plan = (node: Node): PlannedEndpoint => {
    const share = shares.get(node) ?? 0;
    const why = share > 0 ? undefined : passed(node);
    const known = ofNode(node, policy, panic, now, view.whyNot(node, levels));
    const unlucky = share > 0 || why !== undefined ? '' : UNLUCKY[by];
    return { ...known, why: unlucky === '' ? known.why : unlucky, share, passedOver: why ?? null };
  };
  return [...cluster.parts.nodes].map(plan).sort((a, b) => b.share - a.share);
}

/** Why one gets nothing that could be called as well. */
const UNLUCKY: Readonly<Record<DecidedBy, string>> = {
  all: '',
  probe: 'not picked: this call tries whether another is well again',
  key: 'not picked: the key is placed elsewhere',
  turn: 'not picked: it is not its turn',
  better: 'not picked: whichever it is drawn with is better',
  chance: '',
  only: '',
  nobody: '',
};
