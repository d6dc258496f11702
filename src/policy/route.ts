/** Names that are meant to be patterns, and would be for no call: each with what to say of it. */
export const MISWRITTEN: readonly (readonly [form: RegExp, message: string])[] = [
  [
    /^(?:[A-Za-z]+ )?(?=\/)\S*\/(?::|\*{1,2}(?:\/|$))/,
    'a segment that may be anything is written {id}, and what follows {rest*}',
  ],
  [/^(?=[A-Z]*[a-z])[A-Za-z]+ \//, 'a method is written in capitals, such as GET'],
];

const FORM = /^(?:([A-Z]+) )?(\/\S*)$/;

const EXACT = 4; // for each segment that says what it must be
const ANY = 2; // for each that may be anything; a method that is named counts 1

/** Where routes lead that begin alike. */
interface Branch {
  readonly literal: Map<string, Branch>;
  any: Branch | undefined;
  readonly ends: End[];
  readonly rests: End[];
}

/** A route that ends here; of those that are as exact the one that was listed first counts. */
interface End {
  readonly name: string;
  readonly method: string | undefined;
  readonly place: number;
}

/**
 * Patterns for requests, as policies name routes: `GET /orders/{id}`, or a path alone for every method. `{x}` stands for
 * one segment, `{x*}` at the end for the rest. Anything else (`checkout`) is a name that calls give by hand. A request is
 * looked up step by step, so that it takes as long with a thousand routes as with one.
 */
export class Routes {
  readonly #root = aBranch();

  constructor(names: readonly string[]) {
    for (const [place, name] of names.entries()) this.#add(name, place);
  }

  /** The most exact route that fits: the one with most literal segments, then one that names the method. */
  match(method: string, path: string): string | undefined {
    const query = path.indexOf('?');
    const end = query < 0 ? path.length : query;
    const slash = path.indexOf('/');
    const from = slash < 0 || slash > end ? end + 1 : slash + 1;
    return new Search(method, path, end).at(this.#root, from, 0);
  }

  #add(name: string, place: number): void {
    const [, method, path] = FORM.exec(name) ?? [];
    if (path === undefined) return;
    const end = { name, method, place };
    let branch = this.#root;
    for (const segment of path.split('/').slice(1)) {
      if (segment.startsWith('{') && segment.endsWith('*}')) return void branch.rests.push(end);
      branch = isAny(segment) ? anyOf(branch) : literalOf(branch, segment);
    }
    branch.ends.push(end);
  }
}

const isAny = (segment: string): boolean => segment.startsWith('{') && segment.endsWith('}');

const aBranch = (): Branch => ({ literal: new Map(), any: undefined, ends: [], rests: [] });

function anyOf(branch: Branch): Branch {
  branch.any ??= aBranch();
  return branch.any;
}

function literalOf({ literal }: Branch, segment: string): Branch {
  const next = literal.get(segment) ?? aBranch();
  literal.set(segment, next);
  return next;
}

/** One request that is looked up. */
class Search {
  readonly #method: string;
  readonly #path: string;
  readonly #end: number;
  #best: End | undefined;
  #exactness = -1;

  constructor(method: string, path: string, end: number) {
    this.#method = method;
    this.#path = path;
    this.#end = end;
  }

  /** The best found, with what there is from a branch on, for what of the path stands from `from` on. */
  at({ literal, any, ends, rests }: Branch, from: number, exactness: number): string | undefined {
    this.#note(rests, exactness);
    if (from > this.#end) this.#note(ends, exactness);
    else if (literal.size > 0 || any !== undefined) {
      const slash = this.#path.indexOf('/', from);
      const next = slash < 0 || slash > this.#end ? this.#end : slash;
      const same = literal.size > 0 ? literal.get(this.#path.slice(from, next)) : undefined;
      if (same !== undefined) this.at(same, next + 1, exactness + EXACT);
      if (any !== undefined) this.at(any, next + 1, exactness + ANY);
    }
    return this.#best?.name;
  }

  #note(ends: readonly End[], exactness: number): void {
    for (let at = 0; at < ends.length; at++) {
      const end = ends[at]!;
      if (end.method !== undefined && end.method !== this.#method) continue;
      const own = exactness + (end.method === undefined ? 0 : 1);
      if (own < this.#exactness || (own === this.#exactness && end.place > this.#best!.place)) continue;
      this.#best = end;
      this.#exactness = own;
    }
  }
}
