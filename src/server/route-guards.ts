import type { PolicySet } from '../policy/policy.ts';
import { Routes } from '../policy/route.ts';
import type { Policy } from '../policy/table.ts';
import { decodePattern } from '../wire/path.ts';
import { bare, Paths } from './paths.ts';

type Settings = Policy['authorize'];

/** Rules that have a say in a request besides those that it falls under by its own spelling. */
export interface Besides {
  /** The route whose rules they are; undefined where they are those of the service. */
  readonly route: string | undefined;
  readonly settings: Settings;
}

/** What a request may be: a route of the policy, or none. */
interface Candidate extends Besides {
  /** What is left of its name where spelling counts for nothing. */
  readonly form: string | undefined;
}

const MOST = 1_000; // policies kept for what requests may be besides; who sends them chooses

const besides = new WeakMap<Policy, readonly Besides[]>();

/** The rules that have a say besides those of a policy; nothing where none have. */
export const besidesOf = (policy: Policy): readonly Besides[] | undefined => besides.get(policy);

/**
 * Asks the rules of a route for what a server might take for it, too. A request falls under a route by its own spelling
 * alone, so that what a route opens is opened by no other; but `/ADMIN/1`, `/admin/1/`, or HEAD, is for many servers what
 * `GET /admin/{id}` guards. So whatever a request may be has a say, each by the rules of its route, or of the service where
 * it has none; where nobody can know what it may be, all have.
 */
export class RouteGuards {
  readonly #none: Candidate;
  readonly #routes = new Map<string, Candidate>();
  readonly #forms = new Map<string | undefined, Candidate[]>();
  readonly #match: Routes;
  readonly #unclear = new Map<string, readonly Candidate[]>(); // by method; under the empty one stands any other
  readonly #policies = new WeakMap<Policy, Map<string, Policy>>();

  private constructor(policies: PolicySet, service: string, names: readonly string[]) {
    this.#none = { route: undefined, settings: policies.for(service).authorize, form: undefined };
    this.#forms.set(undefined, [this.#none]);
    const routes = policies.document.services![service]!.routes!;
    for (const route of names) {
      const isRuled = routes[route]!.authorize !== undefined;
      const { settings } = isRuled ? { settings: policies.for(service, route).authorize } : this.#none;
      const form = formOf(route);
      const candidate = { route, settings, form };
      this.#routes.set(route, candidate);
      this.#forms.set(form, [...(this.#forms.get(form) ?? []), candidate]);
    }
    this.#match = new Routes(names.map(formOf));
    for (const method of ['', 'HEAD', ...names.map(methodOf)]) this.#unclear.set(method, this.#all(method));
  }

  /** Those of a service; nothing where no route of it has rules of its own. */
  static of(policies: PolicySet, service: string): RouteGuards | undefined {
    if (!policies.hasRoutes(service)) return undefined;
    const routes = policies.document.services![service]!.routes!;
    const names = Object.keys(routes).filter((route) => PATTERN.test(route));
    const isRuled = names.some((route) => routes[route]!.authorize !== undefined);
    return isRuled ? new RouteGuards(policies, service, names) : undefined;
  }

  /** `policy`, which is that of `route`, with whatever else has a say in a request. */
  policyFor(policy: Policy, route: string | undefined, method: string, path: string): Policy {
    const own = (route === undefined ? undefined : this.#routes.get(route)) ?? this.#none;
    const { bare: read } = new Paths(path);
    const large = method.toUpperCase();
    if (read === undefined) return this.#with(policy, own, this.#unclear.get(large) ?? this.#unclear.get('')!);
    let found: Candidate[] | undefined;
    for (const one of read) {
      const plain = folded(one);
      const form = this.#match.match(large, plain);
      if (form !== own.form) found = [...(found ?? []), ...this.#forms.get(form)!];
      if (large !== 'HEAD' || form?.startsWith('HEAD ') === true) continue;
      const get = this.#match.match('GET', plain); // servers answer HEAD by what they have for GET
      if (get !== own.form) found = [...(found ?? []), ...this.#forms.get(get)!];
    }
    return found === undefined ? policy : this.#with(policy, own, found);
  }

  #all(method: string): readonly Candidate[] {
    const isFor = ({ route }: Candidate): boolean => {
      const named = methodOf(route!);
      return named === '' || named === method || (named === 'GET' && method === 'HEAD');
    };
    return [this.#none, ...[...this.#routes.values()].filter(isFor)];
  }

  #with(policy: Policy, own: Candidate, found: readonly Candidate[]): Policy {
    const others = new Map<Settings, Besides>();
    for (const other of found) {
      const { settings } = other;
      if (settings !== own.settings && settings.mode !== 'off' && !others.has(settings)) others.set(settings, other);
    }
    return others.size === 0 ? policy : this.#made(policy, [...others.values()]);
  }

  #made(policy: Policy, others: readonly Besides[]): Policy {
    let known = this.#policies.get(policy);
    if (known === undefined) {
      known = new Map();
      this.#policies.set(policy, known);
    }
    const key = others.map(({ route }) => route).join('\n');
    let made = known.get(key);
    if (made === undefined) {
      made = { ...policy };
      besides.set(made, others);
      if (known.size < MOST) known.set(key, made);
    }
    return made;
  }
}

const PATTERN = /^(?:([A-Z]+) )?\/\S*$/;

const methodOf = (route: string): string => PATTERN.exec(route)![1] ?? '';

/** A path, or a route of one, where the case of letters counts for nothing, also that of a few that have three. */
const folded = (path: string): string => path.toUpperCase().toLowerCase();

/** The name of a route as paths are read that are `bare`. */
function formOf(route: string): string {
  const from = route.indexOf('/');
  return route.slice(0, from) + folded(bare(decodePattern(route.slice(from))));
}
