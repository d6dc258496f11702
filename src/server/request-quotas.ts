import { hash } from 'node:crypto';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import type { MeshError } from '../core/errors.ts';
import type { Siblings } from '../core/siblings.ts';
import { formatRate } from '../policy/rate.ts';
import type { Policy } from '../policy/table.ts';
import { Meters } from '../quota/meters.ts';
import type { QuotaFacts } from '../quota/quotas.ts';
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

  /** Whether a request may come in: nothing, or its refusal. A promise only where a count is kept elsewhere. */
  admit(arrival: Arrival, context: Context): MeshError | undefined | Promise<MeshError | undefined> {
    const rules = this.#meters.read(context.policy.quota.requests);
    const now = this.#env.clock.now();
    for (const read of rules) {
      const wait = read.rule.share === 'redis' ? 0 : this.#wait(read, arrival, context, now);
      if (wait > 0 && this.#over(read, context)) return new QuotaRefusal(context.service, rules, read, wait);
    }
    if (rules.some(({ rule }) => rule.share === 'redis')) return this.#admitShared(rules, arrival, context);
    for (const read of rules) this.#use(read, arrival, context, now);
    return undefined;
  }

  /** How the rules stand that a policy has. */
  facts({ quota }: Policy): QuotaFacts[] {
    return this.#meters.read(quota.requests).map((read) => ({
      rule: read.title,
      rate: formatRate(read.rule.rate),
      per: read.rule.per,
      mode: read.rule.mode,
      among: this.#among(read),
      ...this.#meters.tally(read.id),
    }));
  }

  async #admitShared(
    rules: readonly RequestRule[],
    arrival: Arrival,
    context: Context,
  ): Promise<MeshError | undefined> {
    // What counts all comes last, so that who is over a quota of its own takes nothing from the others.
    const shared = rules.filter(({ rule }) => rule.share === 'redis');
    for (const read of [...shared.filter(isNarrow), ...shared.filter((one) => !isNarrow(one))]) {
      const wait = await this.#take(read, arrival, context);
      if (wait > 0 && this.#over(read, context)) return new QuotaRefusal(context.service, rules, read, wait);
      if (wait === 0) this.#meters.tally(read.id).passed++;
    }
    const now = this.#env.clock.now();
    for (const read of rules) if (read.rule.share !== 'redis') this.#use(read, arrival, context, now);
    return undefined;
  }

  /** Milliseconds until there is room by the count that all share; by our part of it while that can not be asked. */
  async #take(read: RequestRule, arrival: Arrival, context: Context): Promise<number> {
    const thing = thingOf(read, arrival, context);
    const taken = await this.#shared.take(context.service, `${read.id}:${thing}`, read.perMs, read.burst);
    if (taken !== undefined) return taken.waitMs;
    const now = this.#env.clock.now();
    const wait = this.#wait(read, arrival, context, now);
    if (wait === 0) this.#meters.meter(read.id, thing).gcra.add(read.perMs / this.#among(read), now);
    return wait;
  }

  #wait(read: RequestRule, arrival: Arrival, context: Context, now: number): number {
    const among = this.#among(read);
    const { gcra } = this.#meters.meter(read.id, thingOf(read, arrival, context));
    return gcra.wait(read.perMs / among, Math.max(1, read.burst / among), now);
  }

  #use(read: RequestRule, arrival: Arrival, context: Context, now: number): void {
    if (this.#wait(read, arrival, context, now) > 0) return; // only observed
    this.#meters.meter(read.id, thingOf(read, arrival, context)).gcra.add(read.perMs / this.#among(read), now);
    this.#meters.tally(read.id).passed++;
  }

  #among({ rule }: RequestRule): number {
    return rule.share === 'instance' ? 1 : this.#siblings.count;
  }

  /** A rule says no. Whether that is the end of it. */
  #over({ rule, id }: RequestRule, { service, route = '' }: Context): boolean {
    const { clock, events } = this.#env;
    const enforced = rule.mode === 'enforce';
    this.#meters.tally(id).refused++;
    if (events.hears('refused')) {
      events.emit({ at: clock.epoch(), service, type: 'refused', route, reason: 'quota', enforced });
    }
    return enforced;
  }
}

const isNarrow = ({ rule: { per } }: RequestRule): boolean => per !== 'all' && per !== 'route';

const plain = (claim: unknown): string =>
  typeof claim === 'string' || typeof claim === 'number' || typeof claim === 'boolean' ? String(claim) : '';

/** What the rule counts apart. Strangers choose it, so what is long is known by its hash. */
function thingOf({ rule: { per, of } }: RequestRule, arrival: Arrival, context: Context): string {
  const thing = FINDERS[per](arrival, context, of);
  return thing.length <= LONGEST ? thing : `sha256:${hash('sha256', thing, 'base64url')}`;
}

type Finder = (arrival: Arrival, context: Context, of: string) => string;

const FINDERS: Readonly<Record<RequestRule['rule']['per'], Finder>> = {
  all: () => '',
  principal: (_, { history: { principal } }) =>
    principal === undefined || principal.name === '' ? '' : `${principal.issuer} ${principal.name}`,
  route: (arrival, { route }) => routeOf(route, arrival) ?? '',
  address: ({ wire }) => wire?.peer ?? '',
  header: ({ headers }, _, of) => field(headers, of.toLowerCase()) ?? '',
  claim: (_, { history: { principal } }, of) => plain(principal?.claims[of]),
};
