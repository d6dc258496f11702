import type { AnswersFacts } from '../answers/kept-answers.ts';
import { sayPicked } from '../balancer/pickers.ts';
import type { CircuitFacts } from '../circuit/facts.ts';
import type { Clock } from '../core/clock.ts';
import type { LevelFacts } from '../core/endpoint-events.ts';
import type { FailedCall } from '../core/failures.ts';
import type { IdentityFacts } from '../core/identity.ts';
import type { LimitFacts } from '../core/limits.ts';
import type { MirrorFacts } from '../core/mirrors.ts';
import type { Node } from '../core/node.ts';
import type { Resolution } from '../core/resolution.ts';
import { hasRoom, limitOf } from '../core/room.ts';
import type { Registry, RegistrySession } from '../discovery/registry.ts';
import type { Unreadable } from '../discovery/unreadable.ts';
import { type ThrottleFacts, throttleFacts } from '../filters/throttle.ts';
import type { HedgeFacts } from '../math/hedges.ts';
import { formatDuration } from '../policy/duration.ts';
import type { PolicySet, Setting } from '../policy/policy.ts';
import type { Policy } from '../policy/table.ts';
import type { QuotaFacts } from '../quota/meters.ts';
import type { SheddingFacts } from '../server/shedding.ts';
import type { Cluster } from './cluster.ts';

/** What is known of one endpoint, as plain JSON. */
export interface EndpointSnapshot {
  /** Unique among the instances of the service. */
  readonly id: string;
  /** Where it is, as `host:port`. */
  readonly address: string;
  /** How much of the traffic it should have beside the others; 0 takes no new calls. */
  readonly weight: number;
  /** Where it runs; empty where nobody said. */
  readonly zone: string;
  /** `out` of rotation after failures, or `probing` by one call whether it is well again. */
  readonly state: 'in' | 'out' | 'probing';
  /** Why it is picked or not. */
  readonly why: string;
  /** Attempts under way. */
  readonly inFlight: number;
  /** How many calls may be under way, as it stands; null where the policy sets no limit. */
  readonly limit: number | null;
  /** Attempts that have ended. */
  readonly calls: number;
  /** Attempts that failed since the last good one. */
  readonly failuresInARow: number;
  /** Peak EWMA as it looks now; null while nothing is known. */
  readonly latencyMs: number | null;
}

/** What is known of one service called, as plain JSON. */
export interface ClusterSnapshot {
  /** Its name. */
  readonly service: string;
  /** What is known of where it lives. */
  readonly resolution: Resolution['is'];
  /** For how long the list has stood without the registry, and what that says; null while it is there. */
  readonly stale: { readonly ms: number; readonly problem: string } | null;
  /** Records in the registry that can not be read: how many, and the last few of them. */
  readonly unreadable: Unreadable;
  /** The slots that a call meets, first to last. */
  readonly stack: readonly string[];
  /** Whether so few are well that health is ignored. */
  readonly panic: boolean;
  /** Its endpoints by priority and zone, best first, and what each level gets; empty while all stand on the same. */
  readonly levels: readonly LevelFacts[];
  /** Retries that the budget has left, whole ones. */
  readonly retriesLeft: number;
  /** That of the service and those of its routes; empty until the policy makes one guard a call. */
  readonly circuits: readonly CircuitFacts[];
  /** The copies that are made of calls; null where the policy has none made. */
  readonly mirror: MirrorFacts | null;
  /** The rules of `quota.calls`, and what became of the calls. */
  readonly quotas: readonly QuotaFacts[];
  /** The good answers that are kept; null until the policy has one kept. */
  readonly kept: AnswersFacts | null;
  /** Calls that failed and wait to be tried again. */
  readonly failbacks: number;
  /** Calls that were answered with the answer to another, as both asked for the same at once. */
  readonly collapsed: number;
  /** When a request is sent a second time; null where the policy has none sent so. */
  readonly hedge: HedgeFacts | null;
  /** Which share of the calls is not made, as the service refuses so many; null where the policy has all made. */
  readonly throttle: ThrottleFacts | null;
  /** How many attempts are under way, and how many may be; null where the policy limits none. */
  readonly limit: LimitFacts | null;
  /** The last calls that failed although they were tried, the latest first; a few of them. */
  readonly failures: readonly FailedCall[];
  /** Each setting by section, with where it is from. */
  readonly policy: Readonly<Record<string, Readonly<Record<string, Setting>>>>;
  /** All there are. */
  readonly endpoints: readonly EndpointSnapshot[];
}

/** What is known of a mesh, as plain JSON. */
export interface Snapshot extends OwnSnapshot {
  /** Who we are. */
  readonly service: string;
  /** Which registry, for people. No secret. */
  readonly registry: string;
  /** How it stands with the registry, and why; null where it is simply there, as a folder is. */
  readonly session: SessionFacts | null;
  /** When it was taken (ISO 8601). */
  readonly at: string;
  /** The services called. */
  readonly clusters: readonly ClusterSnapshot[];
}

/** How it stands with a registry that is reached over a network. */
export interface SessionFacts {
  /** As the registry knows it. */
  readonly state: RegistrySession['is'];
  /** Why it is not connected, or might not be again; empty where all is well. */
  readonly problem: string;
}

/** What is known of our own service, from the side of those who call it. */
export interface OwnSnapshot {
  /** How many requests are served here, and how many may be. */
  readonly shed: SheddingFacts;
  /** The rules of `quota.requests` for our own service, and what became of the requests. */
  readonly quotas: readonly QuotaFacts[];
  /** By what we prove who we are, and others prove it to us; null where there is nothing. Never a secret. */
  readonly identity: IdentityFacts | null;
}

/** What is known of a mesh. */
export function snapshot(
  service: string,
  registry: Registry,
  clusters: readonly Cluster[],
  policies: PolicySet,
  clock: Clock,
  own: OwnSnapshot,
): Snapshot {
  return {
    service,
    registry: registry.name,
    session: sessionFacts(registry) ?? null,
    at: new Date(clock.epoch()).toISOString(),
    clusters: clusters.map((cluster) => ofCluster(cluster, policies, clock.now(), undefined)),
    ...own,
  };
}

/** How it stands with the registry; nothing where it is simply there. */
export function sessionFacts({ session }: Registry): SessionFacts | undefined {
  return session && { state: session.value.is, problem: session.value.problem ?? '' };
}

/** What is known of one service called; with a route, as calls of that route find it. */
export function ofCluster(
  cluster: Cluster,
  policies: PolicySet,
  now: number,
  route: string | undefined,
): ClusterSnapshot {
  const policy = policies.for(cluster.service, route);
  const view = cluster.parts.nodes.peek(policy);
  const { levels, panic } = view.facts(policy);
  return {
    service: cluster.service,
    resolution: cluster.resolution.is,
    stale: cluster.stale(now) ?? null,
    unreadable: cluster.unreadable,
    stack: [...cluster.stacks.cluster.names, 'balance', ...cluster.stacks.endpoint.names, 'send'],
    panic,
    levels,
    retriesLeft: cluster.retriesLeft({ policy }),
    circuits: cluster.parts.circuits.facts(now),
    mirror: cluster.parts.mirrors.facts(policy.mirror.to) ?? null,
    quotas: cluster.parts.quotas.facts(policy),
    failbacks: cluster.parts.failbacks.size,
    collapsed: cluster.parts.shared.spared,
    kept: cluster.parts.answers.facts() ?? null,
    hedge: cluster.parts.hedges.facts(policy.hedge, now) ?? null,
    throttle: throttleFacts(policy.throttle, cluster.parts.throttling, now) ?? null,
    limit: cluster.parts.limits.facts(policy.limit) ?? null,
    failures: cluster.failures.latest(cluster.parts.env.clock),
    policy: policies.describe(cluster.service, route),
    endpoints: [...cluster.parts.nodes].map((node) => ofNode(node, policy, panic, now, view.whyNot(node, levels))),
  };
}

/** What is known of an endpoint. `whyNot` says why it gets nothing although it is well; empty when it gets something. */
export function ofNode(node: Node, policy: Policy, panic: boolean, now: number, whyNot: string): EndpointSnapshot {
  const { endpoint, ejection, sick, latency, inFlight, calls } = node;
  return {
    id: endpoint.id,
    address: endpoint.address,
    weight: endpoint.weight,
    zone: endpoint.zone,
    state: sick === '' ? ejection.state : 'out',
    why: node.endpoint.weight > 0 && whyNot !== '' ? whyNot : whyPicked(node, policy, panic, now),
    inFlight,
    limit: policy.limit.endpoint === 0 ? null : limitOf(node, policy.limit),
    calls,
    failuresInARow: ejection.failures,
    latencyMs: latency.known ? Number(latency.read(now, policy.balance.decay).toFixed(3)) : null,
  };
}

function whyPicked(node: Node, { balance, limit }: Policy, panic: boolean, now: number): string {
  const { endpoint, ejection, sick, weight } = node;
  if (endpoint.weight === 0) return 'not picked: weight 0 takes no new calls';
  if (limit.endpoint > 0 && !hasRoom(node, limit, 'default'))
    return 'passed over: as many calls are under way as may be';
  if (sick !== '')
    return panic
      ? 'picked although it is unwell: panic, too few are healthy'
      : `not picked: its health checks fail, ${sick}`;
  if (ejection.state === 'in') {
    const share = weight / endpoint.weight;
    return `${sayPicked[balance.picker]}${share < 1 ? `, for now with ${Math.round(100 * share)} % of its weight: it is warming up` : ''}`;
  }
  if (panic) return 'picked although it is out: panic, too few are healthy';
  if (ejection.state === 'probing') return 'not picked: one call is trying whether it is well again';
  const left = ejection.until - now;
  return left > 0
    ? `not picked: out for another ${formatDuration(Math.ceil(left))} ${ejection.why}`
    : `the next call will try whether it is well again, ${ejection.why}`;
}
