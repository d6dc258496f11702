import { LRUCache } from 'lru-cache';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { ANONYMOUS } from '../core/principal.ts';
import { type Filter, refuse, type Service } from '../core/service.ts';
import { originOf } from '../policy/policy.ts';
import type { Policy } from '../policy/table.ts';
import type { Arrival } from './arrival.ts';
import { type Check, type Judgement, judgeRequest, type Verdict } from './authorizer.ts';
import { besidesOf } from './route-guards.ts';
import type { Asked } from './rules.ts';

type Settings = Policy['authorize'];

const RULES = 1_000; // rules that are counted apart; policies of routes may name many

/** How often a rule decided. */
export interface RuleCount {
  /** Times it let a request in. */
  allowed: number;
  /** Times it refused one. */
  refused: number;
  /** Times it, or the policy, only observed, and would have decided otherwise. */
  observed: number;
}

/** What the rules of one service keep between requests: who is asked, and how often each decided. */
export class Authority {
  readonly check: Check;
  readonly #counts = new LRUCache<string, RuleCount>({ max: RULES });
  #last: readonly [rule: string, count: RuleCount] | undefined; // most requests are let in by the rule of the one before

  constructor(check: Check) {
    this.check = check;
  }

  /** Counts a decision under the rule that made it. */
  count(rule: string, what: keyof RuleCount): void {
    if (this.#last?.[0] !== rule) this.#last = [rule, this.#of(rule)];
    this.#last[1][what]++;
  }

  #of(rule: string): RuleCount {
    let count = this.#counts.get(rule);
    if (count === undefined) {
      count = { allowed: 0, refused: 0, observed: 0 };
      this.#counts.set(rule, count);
    }
    return count;
  }

  /** How often each rule decided; under the empty name stands what no rule decided. */
  get counts(): Readonly<Record<string, RuleCount>> {
    return Object.fromEntries([...this.#counts.entries()].map(([rule, count]) => [rule, { ...count }]));
  }
}

/** Lets in who may ask for what they ask, by the rules of the policy and of all else that the request may be. */
export function authorize<Res>(env: Env, authority: Authority): Filter<Arrival, Res> {
  const judged = judgedBy<Res>(env, authority);
  return (next) => (arrival, context) => {
    const besides = besidesOf(context.policy);
    const last = besides?.reduceRight(
      (then, { settings }): Service<Arrival, Res> =>
        (arrival, context) =>
          judged(settings, arrival, context, then),
      next,
    );
    return judged(context.policy.authorize, arrival, context, last ?? next);
  };
}

const judgedBy =
  <Res>(env: Env, authority: Authority) =>
  (settings: Settings, arrival: Arrival, context: Context, next: Service<Arrival, Res>): Promise<Res> => {
    if (settings.mode === 'off') return next(arrival, context);
    const isEnforced = settings.mode === 'enforce';
    const judged = judgeRequest(settings, askedOf(arrival, context), authority.check, context);
    if (judged instanceof Promise) return judged.then((judgement) => go(judgement));
    return go(judged);

    function go(judgement: Judgement): Promise<Res> {
      const isIn = judgement.later === undefined ? end(judgement) : !isEnforced || judgement.verdict.allowed;
      void judgement.later?.then(end); // nobody waits for who decides nothing
      return isIn ? next(arrival, context) : refuse(denial(context));
    }

    function end(judgement: Judgement): boolean {
      return conclude(env, authority, judgement, settings, arrival, context);
    }
  };

const askedOf = ({ method, path, headers, wire }: Arrival, { history }: Context): Asked => ({
  principal: history.principal ?? ANONYMOUS,
  method,
  path,
  headers,
  address: wire?.peer || undefined,
});

/** Counts and tells what was decided; says whether the request is let in. */
function conclude(
  env: Env,
  authority: Authority,
  { verdict, observed, audits }: Judgement,
  { mode, rules }: Settings,
  arrival: Arrival,
  context: Context,
): boolean {
  const enforced = mode === 'enforce';
  const counted = ({ rule, allowed }: Verdict, what: keyof RuleCount, isEnforced: boolean): void => {
    authority.count(rule, what);
    if (env.watch?.onDecisions !== true) return;
    env.watch.decided({ rules: originOf(rules) ?? 'handler', rule, allowed, enforced: isEnforced });
  };
  const told = (rule: string, allowed: boolean, isEnforced: boolean) =>
    tell(env, context, arrival, { rule, allowed, enforced: isEnforced });
  for (const rule of audits) told(rule, verdict.allowed, enforced);
  if (observed.allowed !== verdict.allowed) {
    counted(observed, 'observed', false);
    told(observed.rule, observed.allowed, false);
  }
  if (verdict.allowed) {
    counted(verdict, 'allowed', enforced);
    return true;
  }
  counted(verdict, enforced ? 'refused' : 'observed', enforced);
  told(verdict.rule, false, enforced);
  const { service, route = '' } = context;
  if (env.events.hears('refused')) {
    env.events.emit({ at: env.clock.epoch(), service, type: 'refused', route, reason: 'authorize', enforced }, context);
  }
  return !enforced;
}

function tell(
  { events, clock }: Env,
  { service, route = '', history }: Context,
  { method }: Arrival,
  decided: { readonly rule: string; readonly allowed: boolean; readonly enforced: boolean },
): void {
  if (!events.hears('authorize')) return;
  const { name, by } = history.principal ?? ANONYMOUS;
  events.emit({ at: clock.epoch(), service, type: 'authorize', route, principal: name, by, method, ...decided });
}

const denial = ({ service }: Context): MeshError =>
  new MeshError('authorize', `${service}: who called may not do that`, { service });

/** What the rules would say of a request, in a sentence. Counts nothing and tells nobody. */
export async function explainAuthorize(policy: Policy, asked: Asked, check: Check): Promise<string> {
  const own = await explained(policy.authorize, asked, check);
  if (!own.isIn) return own.said;
  for (const { route, settings } of besidesOf(policy) ?? []) {
    const { isIn, said } = await explained(settings, asked, check);
    const whose = route === undefined ? 'of the service' : `of '${route}'`;
    if (!isIn) return `${said}, ${whose}, which a server might take it for`;
  }
  return own.said;
}

async function explained(settings: Settings, asked: Asked, check: Check): Promise<{ isIn: boolean; said: string }> {
  const { mode } = settings;
  if (mode === 'off') return { isIn: true, said: 'let in: authorize.mode is off' };
  const judged = await judgeRequest(settings, asked, check);
  const { verdict, observed } = (await judged.later) ?? judged;
  const say = ({ allowed, why }: Verdict): string => `${allowed ? 'let in' : 'refused'}: ${why}`;
  const first = mode === 'observe' ? `let in, as the policy observes; else ${say(verdict)}` : say(verdict);
  const isSame = observed.allowed === verdict.allowed;
  return {
    isIn: mode === 'observe' || verdict.allowed,
    said: isSame ? first : `${first}; with the rules that observe ${say(observed)}`,
  };
}
