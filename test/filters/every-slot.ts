import type { Clock } from '../../src/core/clock.ts';
import type { Identity } from '../../src/core/identity.ts';
import { ANONYMOUS, type Principal } from '../../src/core/principal.ts';
import type { Probe } from '../../src/core/probe.ts';
import { unwell, WELL } from '../../src/health/finding.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { fc } from '../support/fast-check.ts';
import { callRules, duration, pickers } from '../support/policies.ts';

type Sections = fc.Arbitrary<PolicySections>;

/**
 * What each slot of the way out may be told, so that it makes more, less or something else of a call. A slot that is not
 * here fails a test: whoever adds one says here what it may do.
 */
export const outbound: Readonly<Record<string, Sections>> = {
  trace: fc.record({
    trace: fc.record({
      formats: fc.constantFrom(['w3c'], ['b3', 'w3c'], ['b3-multi']),
      begin: fc.boolean(),
      sample: fc.constantFrom(0, 0.5, 1),
    }),
  }),
  strategy: fc.record({
    strategy: fc.record({
      mode: fc.constantFrom('failover', 'failover', 'failfast', 'failsafe', 'failback', 'forking', 'broadcast'),
      queue: fc.constantFrom(1, 5),
      every: fc.integer({ min: 10, max: 100 }).map((ms) => `${ms}ms`),
      enough: fc.constantFrom(0, 0.5, 1),
    }),
  }),
  fallback: fc.record({
    fallback: fc.record({
      mode: fc.constantFrom('off', 'answer', 'last-good'),
      answer: fc.constantFrom({}, { status: 200, body: 'at hand' }),
      fresh: fc.boolean(),
      entries: fc.constantFrom(1, 10),
    }),
  }),
  deadline: fc.record({ deadline: fc.record({ timeout: duration(400) }) }),
  collapse: fc.record({
    collapse: fc.record({
      mode: fc.constantFrom('off', 'on'),
      bytes: fc.constantFrom(2, 100),
      waiters: fc.constantFrom(2, 9),
    }),
  }),
  fault: fc.record({
    fault: fc.record({
      delay: duration(80),
      delayShare: fc.constantFrom(0, 0, 0.5),
      abortShare: fc.constantFrom(0, 0, 0.2),
    }),
  }),
  route: fc.record({
    route: fc.record({
      rules: fc.constantFrom(
        [],
        [],
        [{ to: [{ service: 'stock' }] }],
        [{ method: 'POST', to: [{ labels: { stage: 'canary' } }] }],
        [{ path: '/a', to: [{ weight: 3 }, { service: 'stock', weight: 1 }, { service: 'nobody', weight: 1 }] }],
      ),
      by: fc.constantFrom('', 'x-user'),
    }),
    subset: fc.record({ fallback: fc.constantFrom('none', 'any') }),
  }),
  mirror: fc.record({
    mirror: fc.record({
      to: fc.constantFrom('', '', 'orders', 'stock', 'nobody'),
      share: fc.constantFrom(0.5, 1),
      most: fc.integer({ min: 1, max: 3 }),
    }),
  }),
  authenticate: fc.record({
    authenticate: fc.record({ mode: fc.constantFrom('off', 'off', 'token', 'signature') }),
  }),
  quota: fc.record({
    quota: fc.record({
      calls: callRules,
      pace: fc.constantFrom('off', 'observe', 'reject', 'queue'),
      wait: duration(500),
    }),
  }),
  circuit: fc.record({
    circuit: fc.record({
      mode: fc.constantFrom('off', 'off', 'observe', 'enforce', 'enforce', 'open', 'closed'),
      volume: fc.constant(5),
      open: duration(100),
    }),
  }),
  retry: fc.record({
    retry: fc.record({
      attempts: fc.integer({ min: 1, max: 4 }),
      backoff: duration(50),
      perSecond: fc.constantFrom(0, 100),
    }),
  }),
  health: fc.record({
    health: fc.record({
      check: fc.constantFrom('off', 'off', 'http', 'grpc'),
      interval: fc.integer({ min: 100, max: 300 }).map((ms) => `${ms}ms`),
      timeout: fc.constantFrom('10ms', '50ms'),
    }),
  }),
  hedge: fc.record({
    hedge: fc.record({
      mode: fc.constantFrom('off', 'delay', 'quantile', 'fork'),
      delay: duration(60),
      quantile: fc.constant(0.5),
      budget: fc.constantFrom(0, 0.3, 1),
    }),
  }),
  throttle: fc.record({
    throttle: fc.record({ mode: fc.constantFrom('off', 'observe', 'enforce', 'enforce'), ratio: fc.constant(1) }),
  }),
  limit: fc.record({
    limit: fc.record({
      endpoint: fc.constantFrom(0, 0, 1, 2),
      service: fc.constantFrom(0, 0, 1, 3),
      algorithm: fc.constantFrom('fixed', 'aimd', 'gradient', 'gradient2', 'vegas'),
      queue: fc.nat({ max: 3 }),
      wait: duration(200),
      order: fc.constantFrom('fifo', 'lifo'),
    }),
  }),
  balance: fc.record({
    balance: fc.record({
      picker: pickers,
      panic: fc.constantFrom(0, 0.5, 1),
    }),
    hash: fc.record({ key: fc.constantFrom('', 'path', 'header:x-user'), bound: fc.constantFrom(0, 1.25) }),
    zone: fc.record({ mode: fc.constantFrom('local', 'off') }),
  }),
  outlier: fc.record({
    outlier: fc.record({
      failures: fc.nat({ max: 3 }),
      successRate: fc.constantFrom(0, 0.8),
      ejection: duration(300),
      enforce: fc.constantFrom(0, 1),
    }),
  }),
  attempt: fc.record({
    attempt: fc.record({ timeout: fc.oneof(fc.constant('off'), duration(200)), last: fc.boolean() }),
  }),
  propagate: fc.record({
    propagate: fc.record({
      trace: fc.boolean(),
      baggage: fc.boolean(),
      deadline: fc.constantFrom('envoy', 'grpc', 'off'),
    }),
  }),
};

/** What each slot of the way in may be told, in the same manner. Some are told by the request, or by nothing. */
export const inbound: Readonly<Record<string, Sections>> = {
  accept: fc.constant({}),
  health: fc.constant({}),
  trace: outbound.trace!,
  watch: fc.constant({}),
  deadline: fc.record({
    deadline: fc.record({ expired: fc.constantFrom('off', 'observe', 'enforce'), refuse: fc.constantFrom(0, 0.2, 1) }),
  }),
  identify: fc.record({
    identify: fc.record({ mode: fc.constantFrom('off', 'observe', 'enforce'), required: fc.boolean() }),
  }),
  authorize: fc.record({
    authorize: fc.record({
      mode: fc.constantFrom('off', 'observe', 'enforce'),
      rules: fc.constantFrom(
        [],
        [{ action: 'deny', methods: ['POST'] }],
        [{ action: 'allow', principals: ['ada'] }],
        [{ action: 'custom' }],
      ),
      check: fc.constant('http://authz/check'),
      whenAway: fc.constantFrom('allow', 'deny'),
    }),
  }),
  quota: fc.record({
    quota: fc.record({ requests: fc.constantFrom([], [{ rate: '5/s' }], [{ rate: '2/s', mode: 'observe' }]) }),
  }),
  shed: fc.record({
    shed: fc.record({
      mode: fc.constantFrom('off', 'observe', 'enforce', 'enforce'),
      limit: fc.constantFrom(0, 1, 3),
      algorithm: fc.constantFrom('fixed', 'gradient', 'gradient2', 'vegas', 'aimd'),
      queue: fc.nat({ max: 3 }),
      wait: duration(100),
      lag: fc.constantFrom('off', '5ms'),
    }),
  }),
  report: fc.record({ report: fc.record({ load: fc.constantFrom('off', 'orca') }) }),
} as Readonly<Record<string, fc.Arbitrary<PolicySections>>>;

/** Any mixture of all that the slots may be told. */
export const mixed = (slots: Readonly<Record<string, Sections>>): fc.Arbitrary<PolicySections> =>
  fc.tuple(...Object.values(slots)).map((sections) => Object.assign({}, ...sections));

/** How whoever proves us to others does it: at once, later, never, or not at all. */
export const proofs = fc.constantFrom('at once', 'late', 'never', 'fails');
export type Proofs = 'at once' | 'late' | 'never' | 'fails';

/** Proves us to others, well or badly, and believes what others say they are; tells when it could not sign. */
export function identityOf(clock: Clock, how: () => Proofs, unsigned: () => void = () => {}): Identity {
  let made = 0;
  const token = (): string | Promise<string> => {
    const way = how();
    if (way === 'at once') return `t${++made}`;
    return new Promise((resolve, reject) => {
      if (way === 'never') return;
      clock.schedule(30, () => (way === 'late' ? resolve(`t${++made}`) : reject(new Error('no token'))));
    });
  };
  const identity: Partial<Identity> = {
    token,
    renew: async () => token(),
    sign: () => {
      if (how() !== 'fails') return { signature: 's' };
      unsigned();
      throw new Error('no secret');
    },
    identify: (shown) => {
      const name = shown.header('authorization');
      const finding = { principal: principalOf(name), problem: name === 'bad' ? 'expired' : '', forwards: undefined };
      if (how() === 'late') return new Promise((resolve) => clock.schedule(20, () => resolve(finding)));
      return finding;
    },
    client: undefined,
    facts: () => ({ issuers: [], tokens: [], certificate: null, secrets: [], problems: [] }),
    close: () => {},
  };
  return identity as Identity;
}

const principalOf = (name: string | undefined): Principal =>
  name === undefined || name === 'bad' ? ANONYMOUS : { name, by: 'token', issuer: 'us', claims: {} };

/** Checks endpoints: well, unwell, or without an answer. */
export const probeOf =
  (clock: Clock, how: () => 'well' | 'unwell' | 'never'): Probe =>
  () =>
    new Promise((resolve) => {
      const way = how();
      if (way !== 'never') clock.schedule(2, () => resolve(way === 'well' ? WELL : unwell('status 503')));
    });
