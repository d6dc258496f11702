import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import type { MeshError } from '../core/errors.ts';
import type { Siblings } from '../core/siblings.ts';
import type { Gcra } from '../math/gcra.ts';
import type { Policy } from '../policy/table.ts';
import { Meters, type QuotaFacts } from '../quota/meters.ts';
import { networkOf } from '../wire/network.ts';
import { formatRateLimit, formatRateLimitPolicy, RATE_LIMIT, RATE_LIMIT_POLICY } from '../wire/rate-limit.ts';
import type { Arrival } from './arrival.ts';
import { field } from './fields.ts';
import { QuotaRefusal, type RequestRule } from './quota-refusal.ts';
import { routeOf } from './route-name.ts';
import { SharedCounts } from './shared-counts.ts';

const LONGEST = 100; // characters of what is counted; what is longer is known by its hash

/** What the quotas of requests to us remember. One for each mesh. */
export class RequestQuotas {
  readonly #env: Env;
  readonly #siblings: Siblings;
  readonly #meters = new Meters<RequestRule['rule']>(({ count }) => count);
  readonly #shared: SharedCounts;

  constructor(env: Env, siblings: Siblings) {
    this.#env = env;
    this.#siblings = siblings;
    this.#shared = new SharedCounts(env);
  }

  /** How many things are counted in this process. */
  get size(): number {
    return this.#meters.size;
  }

  /**
   * Whether a request may come in: nothing, or its refusal. A promise only where a count is kept elsewhere. `handler` is whose
   * rules they are, where they are not those of the service.
   */
  admit(arrival: Arrival, context: Context, handler = ''): MeshError | undefined | Promise<MeshError | undefined> {
    const rules = this.#meters.read(context.policy.quota.requests, handler);
    const claims: Claim[] = [];
    let elsewhere = false;
    for (const read of rules) {
      claims.push(this.#claim(read, thingOf(read, arrival, context)));
      if (read.rule.share === 'redis') elsewhere = true;
    }
    const refusal = elsewhere ? this.#admitShared(claims, context) : this.#settle(claims, claims, context);
    if (arrival.remark === undefined) return refusal;
    if (!(refusal instanceof Promise)) return remarked(arrival, claims, refusal);
    return refusal.then((settled) => remarked(arrival, claims, settled));
  }

  /** How the rules stand that a policy has. */
  facts({ quota }: Policy): QuotaFacts[] {
    return this.#meters.facts(quota.requests, ({ rule }) => (rule.share === 'instance' ? 1 : this.#siblings.known));
  }

  #claim(read: RequestRule, thing: string): Claim {
    const among = this.#among(read);
    const { gcra } = this.#meters.meter(read.id, thing);
    return {
      read,
      thing,
      gcra,
      perMs: read.perMs / among,
      burst: Math.max(1, read.burst / among),
      left: undefined,
      receipt: undefined,
    };
  }

  /**
   * What is counted here is looked at first, as it costs nothing, and taken last, once all the others have let it in. What
   * others had let in by then is given back where one refuses.
   */
  async #admitShared(claims: readonly Claim[], context: Context): Promise<MeshError | undefined> {
    const here = claims.filter((claim) => !isElsewhere(claim));
    const now = this.#env.clock.now();
    const full = here.filter((claim) => isEnforced(claim.read) && waitOf(claim, now) > 0);
    if (full.length > 0) return this.#settle(full, claims, context);
    const taken: Claim[] = [];
    const refusal = (await this.#takeShared(claims, taken, here, context)) ?? this.#settle(here, claims, context);
    for (const claim of taken) {
      if (refusal === undefined) claim.read.tally.passed++;
      else if (claim.receipt !== undefined) this.#shared.giveBack(keyOf(claim), claim.receipt);
    }
    return refusal;
  }

  /** Asks for the counts that all share. Notes what was `taken`, and what is for us to count where they can not be asked. */
  async #takeShared(claims: readonly Claim[], taken: Claim[], here: Claim[], context: Context) {
    // What counts all comes last, so that who is over a quota of its own takes nothing from the others, not for a moment.
    const shared = claims.filter(isElsewhere);
    for (const claim of [...shared.filter(isNarrow), ...shared.filter((one) => !isNarrow(one))]) {
      const { perMs, burst } = claim.read;
      const answer = await this.#shared.take(context.service, keyOf(claim), perMs, burst);
      if (answer === undefined) here.push(claim);
      else if (answer.waitMs === 0) {
        claim.left = answer.left;
        claim.receipt = answer.receipt;
        taken.push(claim);
      } else {
        const refusal = this.#over(claim, claims, context, answer.waitMs);
        if (refusal !== undefined) return refusal;
      }
    }
    return undefined;
  }

  /** Takes what is counted here, from all of them or, where one that is enforced has no room, from none. */
  #settle(claims: readonly Claim[], all: readonly Claim[], context: Context): MeshError | undefined {
    const now = this.#env.clock.now();
    let longest: Claim | undefined; // who comes again too soon would be refused by the next of them
    for (const claim of claims) {
      const wait = waitOf(claim, now);
      if (wait === 0) continue;
      if (!isEnforced(claim.read)) this.#over(claim, all, context, wait);
      else if (longest === undefined || wait > waitOf(longest, now)) longest = claim;
    }
    if (longest !== undefined) return this.#over(longest, all, context, waitOf(longest, now));
    for (const claim of claims) {
      const { read, gcra, perMs, burst } = claim;
      if (!gcra.take(perMs, burst, now)) continue; // only observed
      read.tally.passed++;
      claim.left = burst - gcra.level(now);
    }
    return undefined;
  }

  #among({ rule }: RequestRule): number {
    return rule.share === 'instance' ? 1 : this.#siblings.count;
  }

  /** A rule says no. Its refusal, where that is the end of it. */
  #over({ read }: Claim, all: readonly Claim[], context: Context, waitMs: number): MeshError | undefined {
    const { clock, events } = this.#env;
    const { service, route = '' } = context;
    const enforced = isEnforced(read);
    read.tally.refused++;
    if (events.hears('refused')) {
      events.emit({ at: clock.epoch(), service, type: 'refused', route, reason: 'quota', enforced }, context);
    }
    return enforced ? new QuotaRefusal(service, policiesOf(all), read, waitMs) : undefined;
  }
}

/** What a request asks of one rule. */
interface Claim {
  readonly read: RequestRule;
  /** What the rule counts apart. */
  readonly thing: string;
  /** What is counted of it here. */
  readonly gcra: Gcra;
  readonly perMs: number;
  readonly burst: number;
  /** How many more would have been let in when it was; nothing before. */
  left: number | undefined;
  /** By what it can be given back, where it is counted elsewhere. */
  receipt: string | undefined;
}

/** What it is counted under where all share it. */
const keyOf = ({ read, thing }: Claim): string => `${read.id}\n${thing}`;

function waitOf({ gcra, perMs, burst }: Claim, now: number): number {
  gcra.turn(perMs, burst, now);
  return gcra.wait(perMs, burst, now);
}

/** Says on an answer how much is left, so that who listens need not be refused first. */
function remarked<T>(arrival: Arrival, claims: readonly Claim[], refusal: T): T {
  if (refusal !== undefined) return refusal;
  let left = '';
  for (const claim of claims) {
    if (claim.left === undefined || !isEnforced(claim.read)) continue;
    left = left === '' ? sayLeft(claim) : `${left}, ${sayLeft(claim)}`;
  }
  if (left === '') return refusal;
  arrival.remark!(RATE_LIMIT_POLICY, policiesOf(claims));
  arrival.remark!(RATE_LIMIT, left);
  return refusal;
}

/** Whole seconds are all that the field can say: what drains while they round up is left as well. */
function sayLeft({ read: { title, rule }, perMs, burst, left = 0 }: Claim): string {
  const fullInMs = Math.max(0, burst - left) / perMs;
  const resetMs = Math.max(1_000, Math.ceil(fullInMs / 1_000) * 1_000);
  const until = left + perMs * (resetMs - fullInMs);
  return formatRateLimit(title, Math.min(until, Math.max(left, rule.rate.count)), resetMs);
}

const policies = new WeakMap<RequestRule, string>();

/** What there is to go by. What each rule says of itself is put together once. */
function policiesOf(claims: readonly Claim[]): string {
  let all = '';
  for (const { read } of claims) {
    if (!isEnforced(read)) continue;
    let own = policies.get(read);
    if (own === undefined) {
      own = formatRateLimitPolicy(read.title, read.rule.rate.count, read.rule.rate.periodMs);
      policies.set(read, own);
    }
    all = all === '' ? own : `${all}, ${own}`;
  }
  return all;
}

const isEnforced = ({ rule }: RequestRule): boolean => rule.mode === 'enforce';

const isElsewhere = ({ read }: Claim): boolean => read.rule.share === 'redis';

const isNarrow = ({
  read: {
    rule: { per },
  },
}: Claim): boolean => per !== 'all' && per !== 'route';

const plain = (claim: unknown): string =>
  typeof claim === 'string' || typeof claim === 'number' || typeof claim === 'boolean' ? String(claim) : '';

/** What the rule counts apart. Strangers choose it, so what is long is known by its hash. */
function thingOf({ rule: { per, of } }: RequestRule, arrival: Arrival, context: Context): string {
  const thing = FINDERS[per](arrival, context, of);
  if (thing.length <= LONGEST) return thing;
  const { hash } = process.getBuiltinModule('node:crypto'); // few are so long that it has to be loaded
  return `sha256:${hash('sha256', thing, 'base64url')}`;
}

type Finder = (arrival: Arrival, context: Context, of: string) => string;

const FINDERS: Readonly<Record<RequestRule['rule']['per'], Finder>> = {
  all: () => '',
  principal: (_, { history: { principal } }) =>
    principal === undefined || principal.name === '' ? '' : `${principal.issuer}\n${principal.name}`,
  route: (arrival, { route }) => routeOf(route, arrival) ?? '',
  address: ({ wire }) => networkOf(wire?.peer ?? ''),
  header: ({ headers }, _, of) => field(headers, of.toLowerCase()) ?? '',
  claim: (_, { history: { principal } }, of) => plain(principal?.claims[of]),
};
