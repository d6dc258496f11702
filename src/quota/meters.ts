import { Gcra } from '../math/gcra.ts';
import { WarmUp } from '../math/warm-up.ts';
import { originOf } from '../policy/policy.ts';
import { formatRate, type Rate } from '../policy/rate.ts';
import { Bounded } from './bounded.ts';

const METERS = 10_000; // counts of one kind that are kept; keys and principals come from strangers
const RULES = 200; // rules whose tallies are kept: those of the policy in force, and some of those before

/** What rules of quotas have in common. */
export interface QuotaRule {
  readonly name: string;
  readonly rate: Rate;
  readonly burst: number;
  readonly per: string;
  readonly mode: string;
}

/** A rule of the policy, read once for each list. */
export interface ReadRule<R extends QuotaRule> {
  readonly rule: R;
  /** What its counts are kept by: stays the same while its numbers change. */
  readonly id: string;
  /** What people know it by. */
  readonly title: string;
  /** Calls for each millisecond. */
  readonly perMs: number;
  /** Calls that may go at once. */
  readonly burst: number;
  /** What became of what it counted, to be added to; lists that have the rule by the same id share it. */
  readonly tally: QuotaTally;
}

/** What one thing has used: the service as a whole, or a route, a key, a principal. */
export class Meter {
  readonly gcra = new Gcra();
  #warmUp: WarmUp | undefined;

  /** How it warms up; made when first asked for. */
  get warmUp(): WarmUp {
    this.#warmUp ??= new WarmUp();
    return this.#warmUp;
  }
}

/** How a rule stands, as plain JSON. */
export interface QuotaFacts {
  /** Its name. */
  readonly rule: string;
  /** As the policy writes it: `100/s`. */
  readonly rate: string;
  /** What has a count of its own, such as `route`; see `quota.calls`. */
  readonly per: string;
  /** What becomes of what is too much. */
  readonly mode: string;
  /** Among how many instances of ours the rate is divided; 1 where each has all of it. */
  readonly among: number;
  /** Calls let go, those that had to wait counted. */
  readonly passed: number;
  /** Those of them that had to wait. */
  readonly waited: number;
  /** Calls refused. */
  readonly refused: number;
}

/** What became of what a rule counted. */
export interface QuotaTally {
  passed: number;
  waited: number;
  refused: number;
}

/** What stands before the names of rules that come from a route of the policy. */
function routeOf(rules: readonly QuotaRule[]): string {
  const [, route] = /\.routes\['(.*)'\]$/s.exec(originOf(rules) ?? '') ?? [];
  return route === undefined ? '' : `${route}>`;
}

/** What the rules of quotas remember, whatever the policy does meanwhile. Bounded: what was used last is kept. */
export class Meters<R extends QuotaRule> {
  readonly #meters = new Bounded<Meter>(METERS);
  readonly #tallies = new Bounded<QuotaTally>(RULES);
  readonly #lists = new WeakMap<readonly R[], readonly ReadRule<R>[]>();
  readonly #usualBurst: (rate: Rate) => number;

  /** `usualBurst` is the burst of rules that say none. */
  constructor(usualBurst: (rate: Rate) => number) {
    this.#usualBurst = usualBurst;
  }

  /** How many things are counted. */
  get size(): number {
    return this.#meters.size;
  }

  /** The rules of a list that are not off; those of a handler, or of a route, count apart from others of the same name. */
  read(rules: readonly R[], handler = ''): readonly ReadRule<R>[] {
    let known = this.#lists.get(rules);
    if (known === undefined) {
      known = this.#read(rules, handler === '' ? routeOf(rules) : `${handler}>`);
      this.#lists.set(rules, known);
    }
    return known;
  }

  /** What a thing has used under a rule. */
  meter(id: string, thing: string): Meter {
    return this.#meters.of(`${id}\n${thing}`, () => new Meter());
  }

  /** The same for who only looks: what is not counted yet has used nothing, and stays so. */
  peek(id: string, thing: string): Meter {
    return this.#meters.peek(`${id}\n${thing}`) ?? new Meter();
  }

  /** How the rules of a list stand; `among` says among how many instances each is divided. */
  facts(rules: readonly R[], among: (read: ReadRule<R>) => number): QuotaFacts[] {
    return this.read(rules).map((read) => {
      const { title, rule, tally } = read;
      const { per, mode } = rule;
      return {
        rule: title,
        rate: formatRate(rule.rate),
        per,
        mode,
        among: among(read),
        ...tally,
      };
    });
  }

  #read(rules: readonly R[], before: string): readonly ReadRule<R>[] {
    const seen = new Map<string, number>();
    return rules
      .filter(({ mode }) => mode !== 'off')
      .map((rule) => {
        const base = rule.name === '' ? `per ${rule.per}` : rule.name;
        const nth = (seen.get(base) ?? 0) + 1;
        seen.set(base, nth);
        const burst = rule.burst === 0 ? Math.max(1, this.#usualBurst(rule.rate)) : rule.burst;
        const perMs = rule.rate.count / rule.rate.periodMs;
        const title = rule.name === '' ? `${formatRate(rule.rate)} per ${rule.per}` : rule.name;
        const id = before + (nth === 1 ? base : `${base} #${nth}`);
        const tally = this.#tallies.of(id, () => ({ passed: 0, waited: 0, refused: 0 }));
        return { rule, id, title, perMs, burst, tally };
      });
  }
}
