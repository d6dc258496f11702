import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { nothing, passes, refuses, type SlotPlan, waits } from '../core/plan.ts';
import type { Siblings } from '../core/siblings.ts';
import { Pace } from '../math/pace.ts';
import { Xxh64 } from '../math/xxh64.ts';
import { formatDuration } from '../policy/duration.ts';
import { formatRate } from '../policy/rate.ts';
import type { Policy } from '../policy/table.ts';
import { Bounded } from './bounded.ts';
import { type Meter, Meters, type QuotaFacts, type ReadRule } from './meters.ts';

type CallRule = Policy['quota']['calls'][number];

const LONGEST = 100; // characters of what is counted apart
const ROUTES = 1_000; // routes of one service whose quota the other side tells of

/** How a rule stands, as a sentence; `what` is counted. */
export function sayQuota(what: 'calls' | 'requests', facts: QuotaFacts): string {
  const { rule, rate, per, mode, among, passed, waited, refused } = facts;
  const shared = among === 1 ? '' : `, one of ${among} parts ours`;
  const after = waited > 0 ? `, ${waited} of them after a wait` : '';
  const over = `${refused} ${mode === 'observe' ? 'would have been ' : ''}refused`;
  return `quota ${rule}: ${rate} per ${per}${shared} (${mode}): ${passed} ${what} let through${after}, ${over}`;
}

/** What the quotas of calls to one service remember: what was used, and what the other side says is left. */
export class Quotas {
  readonly #env: Env;
  readonly #siblings: Siblings;
  readonly #meters = new Meters<CallRule>(({ count }) => Math.floor(count / 10));
  readonly #hash = new Xxh64();
  readonly #paces = new Bounded<Pace>(ROUTES);

  constructor(env: Env, siblings: Siblings) {
    this.#env = env;
    this.#siblings = siblings;
  }

  /** Milliseconds that a call has to wait for its turn, which is then its own; or why it may not go. */
  admit(context: Context, pace: Pace | undefined, now: number): number | MeshError {
    const { quota } = context.policy;
    const longest = Math.min(quota.wait, context.scope.due - now - 1);
    const rules = this.#meters.read(quota.calls);
    let wait = 0;
    let full: { read: ReadRule<CallRule>; own: number } | undefined; // what takes longest: who comes sooner is refused again
    for (const read of rules) {
      const own = this.#wait(read, context, now);
      if (own === 0) continue;
      if (queues(read.rule) && own <= longest) wait = Math.max(wait, own);
      else if (read.rule.mode === 'observe') this.#over(read, context, own);
      else if (full === undefined || own > full.own) full = { read, own };
    }
    if (full !== undefined) {
      this.#over(full.read, context, full.own);
      return refusal(context, `more than ${formatRate(full.read.rule.rate)}`, full.own);
    }
    const paced = pace === undefined ? 0 : this.#paced(pace, context, longest, now);
    if (typeof paced !== 'number') return paced;
    wait = Math.max(wait, paced);
    for (const read of rules) this.#use(read, context, wait, now);
    pace?.promise(now);
    if (wait > 0) this.#tell(context, 'queued', 'all', wait);
    return wait;
  }

  /** What the other side has said of its quota for calls like this one. */
  pace({ route = '' }: Context): Pace {
    return this.#paces.of(route, () => new Pace());
  }

  /** How the rules stand that a policy has. */
  facts({ quota }: Policy): QuotaFacts[] {
    return this.#meters.facts(quota.calls, ({ rule }) => (rule.share === 'fleet' ? this.#siblings.known : 1));
  }

  /** What the rules would say of a call now, for who only looks: nothing is counted, and nobody asked. */
  plan(context: Context, now: number): SlotPlan {
    const { calls, pace: mode, wait: most } = context.policy.quota;
    if (calls.length === 0 && mode === 'off') return nothing('quota', 'off');
    const longest = Math.min(most, context.scope.due - now - 1);
    const said: string[] = [];
    let full: { title: string; own: number } | undefined;
    let wait = 0;
    for (const read of this.#meters.read(calls)) {
      const own = this.#foresee(read, context, now);
      if (own === 0) said.push(`${read.title}: there is room`);
      else if (read.rule.mode === 'observe') said.push(`${read.title}: used up, which is only observed`);
      else if (queues(read.rule) && own <= longest) wait = Math.max(wait, own);
      else if (full === undefined || own > full.own) full = { title: read.title, own };
    }
    if (full !== undefined) return refuses('quota', `${full.title}: used up, room in ${inWords(full.own)}`, full.own);
    const paced = mode === 'off' ? 0 : (this.#paces.peek(context.route ?? '')?.wait(mode !== 'reject', now) ?? 0);
    if (paced > 0 && mode !== 'observe') {
      if (mode !== 'queue' || paced > longest)
        return refuses('quota', `the other side has said that nothing is left, room in ${inWords(paced)}`, paced);
      wait = Math.max(wait, paced);
    }
    if (wait > 0) return waits('quota', `waits ${inWords(wait)} for its turn`, wait);
    return passes('quota', said.join('; ') || 'the other side has room');
  }

  #foresee(read: ReadRule<CallRule>, context: Context, now: number): number {
    const { id, rule, perMs, burst } = read;
    const meter = this.#meters.peek(id, this.#thing(rule.per, context));
    const among = rule.share === 'fleet' ? this.#siblings.known : 1;
    const [rate, most] = [perMs / among, Math.max(1, burst / among)];
    const gcra = meter.gcra.copy();
    gcra.turn(rate, mostOf(rule, most), now);
    const cost = warmsUp(rule) ? meter.warmUp.peek(rate, rule.warmUp, now) : 1;
    return gcra.wait(rate, most, now, cost);
  }

  #wait(read: ReadRule<CallRule>, context: Context, now: number): number {
    const meter = this.#meter(read, context);
    const among = this.#among(read);
    const [rate, most] = [read.perMs / among, Math.max(1, read.burst / among)];
    meter.gcra.turn(rate, mostOf(read.rule, most), now);
    return meter.gcra.wait(rate, most, now, costOf(read, meter, rate, now));
  }

  #use(read: ReadRule<CallRule>, context: Context, wait: number, now: number): void {
    const meter = this.#meter(read, context);
    // What is only watched over counts no call that would have been refused: the next must be judged as if it had been.
    if (read.rule.mode === 'observe' && this.#wait(read, context, now) > 0) return;
    const rate = read.perMs / this.#among(read);
    meter.gcra.add(rate, now, costOf(read, meter, rate, now));
    if (warmsUp(read.rule)) meter.warmUp.use();
    const { tally } = read;
    tally.passed++;
    if (wait > 0) tally.waited++;
  }

  #meter({ id, rule }: ReadRule<CallRule>, context: Context) {
    return this.#meters.meter(id, this.#thing(rule.per, context));
  }

  /** What is counted apart from all else. */
  #thing(per: string, { route = '', key = '' }: Context): string {
    return this.#short(per === 'route' ? route : per === 'key' ? key : '');
  }

  /** Keys may come from strangers, so what is long is known by its hash. */
  #short(thing: string): string {
    if (thing.length <= LONGEST) return thing;
    const { hi, lo } = this.#hash.text(thing);
    return `${hi}.${lo}.${thing.length}`;
  }

  #among({ rule }: ReadRule<CallRule>): number {
    return rule.share === 'fleet' ? this.#siblings.count : 1;
  }

  /** A rule says no. */
  #over({ rule, title, tally }: ReadRule<CallRule>, context: Context, wait: number): void {
    tally.refused++;
    this.#tell(context, rule.mode === 'observe' ? 'observed' : 'refused', title, wait);
  }

  #paced(pace: Pace, context: Context, longest: number, now: number): number | MeshError {
    const mode = context.policy.quota.pace;
    const wait = pace.wait(mode !== 'reject', now);
    if (wait === 0 || (mode === 'queue' && wait <= longest)) return wait;
    this.#tell(context, mode === 'observe' ? 'observed' : 'refused', 'pace', wait);
    return mode === 'observe' ? 0 : refusal(context, 'no more until its quota has room again', wait);
  }

  #tell(context: Context, action: 'refused' | 'queued' | 'observed', rule: string, waitMs: number) {
    const { clock, events } = this.#env;
    if (!events.hears('quota')) return;
    const { service, route = '' } = context;
    events.emit({ at: clock.epoch(), type: 'quota', service, route, rule, action, waitMs }, context);
  }
}

const queues = ({ mode }: CallRule): boolean => mode === 'queue' || mode === 'warm-up-queue';
/** How many calls may be in the bucket: those that wait are there as well, and one that warms up takes more room. */
const mostOf = (rule: CallRule, burst: number): number =>
  queues(rule) || warmsUp(rule) ? Number.POSITIVE_INFINITY : burst;
const warmsUp = ({ mode }: CallRule): boolean => mode === 'warm-up' || mode === 'warm-up-queue';

/** How many times its usual room a call takes. */
const costOf = ({ rule }: ReadRule<CallRule>, { warmUp }: Meter, perMs: number, now: number): number =>
  warmsUp(rule) ? warmUp.cost(perMs, rule.warmUp, now) : 1;

function refusal({ service }: Context, what: string, wait: number): MeshError {
  const message = `${service}: ${what}, room in ${formatDuration(Math.ceil(wait))}`;
  return new MeshError('quota', message, { sent: 'no', service, retryAfterMs: wait });
}

const inWords = (ms: number): string => formatDuration(Math.ceil(ms));
