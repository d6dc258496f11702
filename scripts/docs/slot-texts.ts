import type { MeshEvent } from '../../src/core/events.ts';
import type { Policy } from '../../src/policy/table.ts';

/** What the reference says of one slot besides its settings. */
export interface SlotText {
  /** Where its rule comes from. */
  readonly from: string;
  readonly when: string;
  readonly not: string;
  /** Its page, and the guide to it. */
  readonly more: string;
  /** What it does, where no section of the policy of that name says so. */
  readonly about?: string;
  /** What it tells. */
  readonly events?: readonly MeshEvent['type'][];
  /** Sections of the policy that it reads besides its own. */
  readonly also?: readonly (keyof Policy)[];
}

const design = (page: string): string => `[design](../design/${page}.md)`;
const guide = (page: string): string => `[guide](../guides/${page}.md)`;
const simulated = (...names: readonly string[]): string =>
  names.map((name) => `[simulated: ${name}](../simulations.md#${name})`).join(', ');

/** The slots of the way out, and the hinge between its two stacks. */
export const outboundTexts: Readonly<Record<string, SlotText>> = {
  trace: {
    from: 'W3C Trace Context, levels 1 and 2; B3',
    when: 'Always: a trace breaks at the first hop that does not pass it on.',
    not: 'Another library of the process begins traces and must be the only one: `begin: false`.',
    more: design('trace'),
  },
  strategy: {
    from: 'Dubbo’s cluster fault tolerance',
    when: 'A call is of a kind that has a name: a log line that may be lost (failsafe), a cache to be told everywhere (broadcast).',
    not: 'You want something between the words: set `retry`, `hedge` and `fallback` themselves.',
    more: design('strategy'),
    events: ['failback', 'broadcast'],
  },
  fallback: {
    from: 'Hystrix’ fallback; RFC 9111 and RFC 5861 for answers that are kept',
    when: 'An old or empty answer is better than none: lists, recommendations, settings.',
    not: 'The caller would act on an answer that is no longer true: balances, stock, permissions.',
    more: design('fallback'),
    events: ['fallback', 'cached'],
  },
  deadline: {
    from: 'gRPC’s deadlines; Envoy’s and gRPC’s headers',
    when: 'Always: work that nobody waits for any more is the worst kind of load.',
    not: 'A call is a stream that may last: give it a `timeout` of its own.',
    more: guide('retries-and-deadlines'),
  },
  collapse: {
    from: 'Request coalescing as caches do it; Hystrix’ request cache',
    when: 'Many ask for the same thing at once, and it is dear to make.',
    not: 'Answers differ for reasons that no header tells.',
    more: design('fallback'),
    events: ['collapse'],
  },
  fault: {
    from: 'Envoy’s fault filter, gRFC A33',
    when: 'To see what your service does when another is slow or broken, in a test or for a share of real calls.',
    not: 'Nobody watches.',
    more: guide('canaries-and-faults'),
    events: ['injected'],
  },
  route: {
    from: 'Envoy’s routes, Istio’s weights, Linkerd 1’s per-request overrides',
    when: 'A canary, a split that stays with its user, a branch of one service for one request.',
    not: 'Every call goes elsewhere: then it is another service.',
    more: guide('canaries-and-faults'),
    events: ['route'],
  },
  mirror: {
    from: 'Envoy’s request mirroring',
    when: 'A new version is to see real calls before anybody depends on it.',
    not: 'Calls change something: a copy changes it twice.',
    more: guide('canaries-and-faults'),
    events: ['mirror'],
  },
  authenticate: {
    from: 'RFC 7519 (JWT), RFC 8693 (exchange), RFC 9421 (signatures), SPIFFE',
    when: 'Services are to know who calls them.',
    not: 'mTLS alone says it: the certificate is shown without this slot.',
    more: guide('identity-between-services'),
    events: ['credentials'],
  },
  quota: {
    from: 'GCRA; Sentinel’s warm-up; the RateLimit fields of the IETF',
    when: 'A service has a price, a contract or a limit per time, which all our instances share.',
    not: 'It is about how many at once: that is `limit`.',
    more: `${guide('quotas')}, ${simulated('shared-quota')}`,
    events: ['quota'],
  },
  circuit: {
    from: 'opossum, fed with verdicts; resilience4j’s slow calls',
    when: 'A service fails as a whole, whichever endpoint is asked, and its callers should stop asking.',
    not: 'Single endpoints fail: `outlier` sees to that, and refuses nobody.',
    more: `${design('circuit')}, ${simulated('circuit')}`,
    events: ['circuit'],
  },
  retry: {
    from: 'Finagle’s budget, Envoy’s conditions, AWS’ full jitter',
    when: 'On by default, for what is safe to send again.',
    not: 'The caller retries itself: `attempts: 1`, or the two multiply.',
    more: `${guide('retries-and-deadlines')}, ${simulated('retry-storm', 'metastable')}`,
    events: ['retry', 'retry-budget'],
  },
  health: {
    from: 'Envoy’s active health checking, grpc.health.v1',
    when: 'Calls are few, and the first one to fail is one too many.',
    not: 'There is traffic enough to learn from: what calls see is truer than what checks see.',
    more: `${design('health')}, ${simulated('checked')}`,
    events: ['health'],
  },
  hedge: {
    from: 'Dean and Barroso, The Tail at Scale; Finagle’s backup requests; gRFC A6',
    when: 'A few answers take long for reasons of their own, and requests may be sent twice.',
    not: 'Everything is slow: a second request makes it slower.',
    more: `${design('hedge')}, ${simulated('slow-tail', 'pauses')}`,
    events: ['hedge', 'hedge-budget'],
  },
  throttle: {
    from: 'Site Reliability Engineering, chapter 21; Finagle’s nack admission',
    when: 'The other side refuses much, and refusing costs it, too.',
    not: 'Refusals are per user and not per load.',
    more: design('limits'),
    events: ['throttle'],
  },
  limit: {
    from: 'Envoy’s thresholds; Netflix’ gradient and Vegas, AIMD',
    when: 'Too many at once would drown an endpoint, a service, or us.',
    not: 'It is about how many over time: that is `quota`.',
    more: `${design('limits')}, ${simulated('overload', 'latency-step')}`,
    events: ['limit'],
  },
  balance: {
    from: 'Finagle’s and Linkerd’s peak EWMA, gRPC’s static stride, Envoy’s ring and Maglev; see also `zone`, `subset`, `aperture`, `hash`',
    when: 'Always; the default suits all but calls that must stay together.',
    not: 'There is one endpoint, and it is a balancer of its own: then it has nothing to choose.',
    more: `${guide('choosing-a-balancer')}, ${design('balancing')}, ${simulated('slow', 'flaky', 'zone-loss')}`,
    also: ['subset', 'zone', 'aperture', 'hash'],
    events: ['panic', 'spill', 'subset', 'aperture', 'endpoints'],
  },
  outlier: {
    from: 'Envoy, gRFC A50 (see `fleet`), Linkerd’s failure accrual',
    when: 'On by default: five failures in a row.',
    not: 'Failures say nothing of endpoints, as behind a gateway: `failures: 0`.',
    more: `${design('health')}, ${simulated('ejected', 'success-rate', 'flapping')}`,
    also: ['fleet'],
    events: ['ejected', 'returned'],
  },
  attempt: {
    from: 'Envoy’s per-try timeout',
    when: 'A try that hangs should leave time for another.',
    not: 'Answers vary widely in the time that they take.',
    more: guide('retries-and-deadlines'),
    also: ['outcome', 'transport'],
    events: ['attempt'],
  },
  propagate: {
    from: 'W3C Trace Context and Baggage, Envoy’s and gRPC’s timeout headers',
    when: 'Always, between services of your own.',
    not: 'Strangers are called: `baggage: false` keeps what is yours.',
    more: design('trace'),
  },
};

/** The slots of the way in. */
export const inboundTexts: Readonly<Record<string, SlotText>> = {
  accept: {
    about: 'Takes up what a request carries along, and hears when the caller hangs up.',
    from: 'W3C Baggage',
    when: 'Always.',
    not: 'Never: what follows relies on it.',
    more: guide('serve'),
  },
  health: {
    about: 'Answers `/livez`, `/readyz` and `/healthz`, where `mesh.serve` was told to.',
    from: 'Kubernetes’ probes; the identity header of Envoy’s health checks',
    when: 'Something asks: an orchestrator, a balancer, active checks.',
    not: 'Your own handlers answer these paths.',
    more: guide('serve'),
  },
  trace: { ...outboundTexts.trace!, when: 'Always: calls made inside go on with what came.' },
  watch: {
    about: 'Where access log, spans and metrics look at requests.',
    from: 'OpenTelemetry’s HTTP conventions, Envoy’s access log',
    when: 'Somebody watches; else it is passed straight through.',
    not: '–',
    more: guide('watch-it'),
  },
  deadline: {
    ...outboundTexts.deadline!,
    from: 'Finagle’s deadline filter, its ration against clocks that are wrong',
    not: 'Clocks of callers can not be trusted at all: `expired: observe`.',
    events: ['refused'],
  },
  identify: {
    from: 'RFC 7519 and RFC 8725, SPIFFE, RFC 9421, RFC 9440',
    when: 'It matters who calls.',
    not: 'A proxy in front proves it: name it in `forwarders` instead.',
    more: guide('identity-between-services'),
    events: ['identify', 'refused', 'credentials'],
  },
  authorize: {
    from: 'Envoy’s RBAC, Istio’s AuthorizationPolicy',
    when: 'Not everybody may do everything. Begin with `observe`.',
    not: 'It depends on data that only the handler knows.',
    more: guide('protect-a-service'),
    events: ['authorize', 'refused'],
  },
  quota: {
    ...outboundTexts.quota!,
    when: 'One caller must not use up what is for all.',
    not: 'All together are too many: that is `shed`.',
    events: ['quota-store', 'refused'],
  },
  shed: {
    from: 'Netflix’ concurrency limits, Finagle’s nacks, WeChat’s priorities',
    when: 'More may come than can be served: those that are served should end in time.',
    not: 'A queue in front already sees to it.',
    more: `${design('limits')}, ${simulated('overload-inbound')}`,
    events: ['refused'],
  },
  report: {
    from: 'ORCA (gRFC A51), `endpoint-load-metrics`',
    when: 'Callers balance by load (`balance.load: orca`).',
    not: 'Callers are strangers: how busy you are is not theirs to know.',
    more: design('balancing'),
  },
};
