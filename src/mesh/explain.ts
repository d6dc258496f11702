import { sayCollapse } from '../answers/collapse.ts';
import { sayAnswers } from '../answers/kept-answers.ts';
import { sayLevel } from '../balancer/levels.ts';
import { saySubset } from '../balancer/subset.ts';
import { sayCircuit } from '../circuit/facts.ts';
import { sayFailbacks } from '../core/failbacks.ts';
import { sayFailure } from '../core/failures.ts';
import { sayLimit } from '../core/limits.ts';
import { sayMirror } from '../core/mirrors.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Unreadable } from '../discovery/unreadable.ts';
import { sayProofs } from '../filters/authenticate.ts';
import { sayFault } from '../filters/fault.ts';
import { sayHedge } from '../filters/hedge.ts';
import { sayRoute } from '../filters/route.ts';
import { sayThrottle } from '../filters/throttle.ts';
import { formatDuration } from '../policy/duration.ts';
import type { PolicySet } from '../policy/policy.ts';
import { sayQuota } from '../quota/quotas.ts';
import type { Cluster } from './cluster.ts';
import { NAME, saySections, saySettings } from './say-settings.ts';
import { type ClusterSnapshot, ofCluster, type SessionFacts, sessionFacts } from './snapshot.ts';

/** How a call to a service would go and why, for people. */
export function explain(
  cluster: Cluster,
  policies: PolicySet,
  registry: Registry,
  now: number,
  route: string | undefined,
): string {
  const shot = ofCluster(cluster, policies, now, route);
  const policy = policies.for(cluster.service, route);
  const lines = [
    `${shot.service}${route === undefined ? '' : ` ${route}`}: ${standing(shot)} in ${registry.name}${saySession(sessionFacts(registry))}, ${count(shot.endpoints.length, 'endpoint')}, ${count(shot.retriesLeft, 'retry', 'retries')} left${shot.panic ? ', PANIC' : ''}`,
    '',
    ...shot.stack.map((name, at) => {
      const given = name === 'circuit' && shot.circuits.some(({ triesInMs }) => triesInMs === null);
      const settings = `${saySettings(name, shot.policy[name])}${given ? ', and a breaker that was given guards it' : ''}`;
      return `${String(at + 1).padStart(2)}  ${name.padEnd(NAME)} ${settings}`.trimEnd();
    }),
    ...saySections(Object.entries(shot.policy).filter(([name]) => !shot.stack.includes(name))),
    '',
    ...(shot.failbacks === 0 ? [] : [`    ${sayFailbacks(shot.failbacks)}`]),
    ...(shot.collapsed === 0 ? [] : [`    ${sayCollapse(shot.collapsed)}`]),
    ...told(shot.kept, sayAnswers),
    ...sayProofs(policy, cluster.service, cluster.parts.env.identity).map((proof) => `    ${proof}`),
    ...told(shot.hedge, sayHedge),
    ...told(shot.throttle, sayThrottle),
    ...told(shot.limit, sayLimit),
    ...shot.circuits.map((circuit) => `    ${sayCircuit(circuit)}`),
    ...told(sayFault(policy), (said) => said),
    ...policy.route.rules.map((rule) => `    ${sayRoute(rule)}`),
    ...told(shot.mirror, sayMirror),
    ...shot.quotas.map((quota) => `    ${sayQuota('calls', quota)}`),
    ...told(saySubset(policy, cluster.parts.nodes), (said) => said),
    ...shot.levels.map((level) => `    ${sayLevel(level)}`),
    ...shot.endpoints.map(
      ({ address, weight, zone, why, inFlight, limit, latencyMs }) =>
        `    ${address.padEnd(21)} weight ${weight}${zone && `, zone ${zone}`}, ${latencyMs ?? '?'} ms, ${inFlight}${limit === null ? '' : ` of ${limit}`} in flight: ${why}`,
    ),
    ...(shot.endpoints.length === 0 ? ['    no endpoints'] : []),
    ...sayUnreadable(shot.unreadable),
    ...shot.failures.slice(0, FAILURES).map((one) => `    ${sayFailure(one, cluster.parts.env.clock.epoch())}`),
  ];
  return lines.join('\n');
}

/** A line of what there is; none where there is nothing to tell. */
const told = <T>(facts: T | null | undefined, say: (facts: T) => string): string[] =>
  facts === null || facts === undefined ? [] : [`    ${say(facts)}`];

const FAILURES = 4; // that are told

function standing({ resolution, stale }: ClusterSnapshot): string {
  return stale === null ? resolution : `stale for ${formatDuration(Math.round(stale.ms))} (${stale.problem})`;
}

/** Only what is not as it should be. */
function saySession(facts: SessionFacts | undefined): string {
  if (facts === undefined || (facts.state === 'connected' && facts.problem === '')) return '';
  return ` (session ${facts.state}${facts.problem && `: ${facts.problem}`})`;
}

function sayUnreadable({ count: n, latest }: Unreadable): readonly string[] {
  if (n === 0) return [];
  const lines = latest.map(({ id, problem }) => `      ${id}: ${problem}`);
  return [`    ${count(n, 'record')} in the registry can not be read, the latest first:`, ...lines];
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
