import type { MeshEvent } from '../core/events.ts';
import type { ServiceStanding, Standing } from '../core/standing.ts';
import type { Decision } from '../core/watch.ts';
import { whyType } from './conventions.ts';
import type { MetricName } from './metrics.ts';

/** What a metric is counted by: names of attributes and their values. */
export type Labels = Readonly<Record<string, string | number>>;

/** One thing to count: what, how much, and by what. */
export type Sample = readonly [name: MetricName, value: number, labels: Labels];

type Told<T extends MeshEvent['type']> = (event: Extract<MeshEvent, { type: T }>) => readonly Sample[];

const of = ({ service }: { readonly service: string }): Labels => ({ 'inmesh.service': service });

/** What is counted when an event is told. Another event is another line. */
export const counted: { readonly [T in MeshEvent['type']]?: Told<T> } = {
  retry: (event) => [
    ['inmesh.retries', 1, { ...of(event), 'error.type': whyType(event.why) }],
    ['inmesh.retry.wait', event.waitMs / 1_000, of(event)],
  ],
  'retry-budget': (event) => [['inmesh.retry.denied', 1, of(event)]],
  hedge: (event) => [['inmesh.hedges', 1, { ...of(event), 'inmesh.allowed': 'true' }]],
  'hedge-budget': (event) => [['inmesh.hedges', 1, { ...of(event), 'inmesh.allowed': 'false' }]],
  quota: (event) => {
    const labels = { ...of(event), 'inmesh.rule': event.rule };
    const sample: Sample = ['inmesh.quotas', 1, { ...labels, 'inmesh.action': event.action }];
    return event.action === 'queued' ? [sample, ['inmesh.queue.time', event.waitMs / 1_000, labels]] : [sample];
  },
  'quota-store': (event) => [
    ['inmesh.quota.store.changes', 1, { ...of(event), 'inmesh.store.state': event.away ? 'lost' : 'found' }],
  ],
  fallback: (event) => [['inmesh.fallbacks', 1, { ...of(event), 'inmesh.source': event.source }]],
  cached: (event) => [['inmesh.cached', 1, { ...of(event), 'inmesh.stale': `${event.stale}` }]],
  collapse: (event) => [['inmesh.collapsed', 1, of(event)]],
  batch: (event) => [['inmesh.batch.size', event.keys, { ...of(event), 'inmesh.outcome': event.outcome }]],
  limit: (event) => [
    ['inmesh.limits', 1, { ...of(event), 'inmesh.full': event.full, 'inmesh.priority': event.priority }],
  ],
  throttle: (event) => [
    [
      'inmesh.throttled',
      1,
      { ...of(event), 'inmesh.priority': event.priority, 'inmesh.enforced': `${event.enforced}` },
    ],
  ],
  ejected: (event) => [
    ['inmesh.ejections', 1, { ...of(event), 'inmesh.reason': event.why, 'inmesh.enforced': `${event.enforced}` }],
  ],
  returned: (event) => [['inmesh.returns', 1, of(event)]],
  circuit: (event) => [
    [
      'inmesh.circuit.changes',
      1,
      { ...of(event), 'inmesh.circuit.state': event.state, 'inmesh.enforced': `${event.enforced}` },
    ],
  ],
  subset: (event) => [
    ['inmesh.subset.changes', 1, { ...of(event), 'inmesh.subset.state': event.on ? 'lost' : 'found' }],
  ],
  registry: (event) => [
    ['inmesh.registry.changes', 1, { ...of(event), 'inmesh.registry.state': event.stale ? 'lost' : 'found' }],
  ],
  listing: ({ state }) => [['inmesh.registry.listing.changes', 1, { 'inmesh.listing.state': state }]],
  session: ({ state }) => [['inmesh.registry.session.changes', 1, { 'inmesh.session.state': state }]],
  dependency: (event) => [
    ['inmesh.dependency.changes', 1, { ...of(event), 'inmesh.dependency.state': event.connected ? 'found' : 'lost' }],
  ],
  record: (event) => [['inmesh.registry.rejected', 1, of(event)]],
  policy: ({ accepted }) => [['inmesh.policy.updates', 1, { 'inmesh.accepted': `${accepted}` }]],
  refused: ({ route, reason, enforced }) => [
    ['inmesh.requests.refused', 1, { 'http.route': route, 'inmesh.reason': reason, 'inmesh.enforced': `${enforced}` }],
  ],
  credentials: ({ what, problem }) => [
    [
      'inmesh.credentials.changes',
      1,
      { 'inmesh.credentials.kind': what, 'inmesh.credentials.state': problem === '' ? 'found' : 'lost' },
    ],
  ],
  'access-log': ({ dropped }) => [['inmesh.log.dropped', dropped, {}]],
  fault: ({ route }) => [['inmesh.faults', 1, { 'http.route': route }]],
};

/** What is counted of a decision by the rules of `authorize`. */
export const decided = ({ rules, rule, allowed, enforced }: Decision): Sample => [
  'inmesh.authorize.decisions',
  1,
  {
    'inmesh.rule.set': rules,
    'inmesh.rule': rule,
    'inmesh.allowed': `${allowed}`,
    'inmesh.enforced': `${enforced}`,
  },
];

const SESSION_STATES = ['connecting', 'connected', 'suspended', 'lost', 'closed'] as const;

/** What there is to see of the session with the registry, where there is one. */
export const observedSession = (session: Standing['session']): Sample[] =>
  session === null ? [] : counts('inmesh.registry.session', 'inmesh.session.state', SESSION_STATES, [session], {});

/** What there is to see of one service when somebody asks. */
export function observed(standing: ServiceStanding): Sample[] {
  const labels = of(standing);
  const { endpoints, circuits, limit, retriesLeft, panic, stale } = standing;
  return [
    ['inmesh.attempts.active', endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0), labels],
    ['inmesh.retry.budget', retriesLeft, labels],
    ['inmesh.panic', panic ? 1 : 0, labels],
    ['inmesh.registry.stale', (stale?.ms ?? 0) / 1_000, labels],
    ...(limit === null ? [] : ([['inmesh.calls.waiting', limit.waiting, labels]] as const)),
    ...(limit === null || limit.limit === null ? [] : ([['inmesh.limit', limit.limit, labels]] as const)),
    ...counts('inmesh.endpoints', 'inmesh.endpoint.state', ['in', 'out', 'probing'], endpoints, labels),
    ...(circuits.length === 0
      ? []
      : counts('inmesh.circuits', 'inmesh.circuit.state', ['closed', 'open', 'half-open'], circuits, labels)),
  ];
}

/** How many are in each state, also in those that none is in: a series that ends looks like one that stays. */
const counts = (
  name: MetricName,
  attribute: string,
  states: readonly string[],
  all: readonly { readonly state: string }[],
  labels: Labels,
): Sample[] =>
  states.map((state) => [name, all.filter((one) => one.state === state).length, { ...labels, [attribute]: state }]);
