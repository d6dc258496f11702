import type { Policy } from '../policy/table.ts';
import { isKeyed } from './levels.ts';
import { isAny, keyOf, Subset } from './subset.ts';
import { type All, type Terms, View } from './view.ts';

const MOST_LABELS = 256; // sets of labels that are remembered: policies come and go
const MOST = 32; // views of one service kept, one for each set of labels, or way, that the policies of its routes name

/** What the policies of one service let their calls see of it: made when first asked for, and kept while it is asked for. */
export class Views {
  readonly #nodes: All;
  readonly #plain = new Map<string, View>(); // without labels
  readonly #subsets = new Map<string, View>(); // the one asked for last is the last
  readonly #labels = new Map<string, Subset>();
  #known = new WeakMap<Terms, View>(); // of policies that were asked for lately, and are not those of the call before
  #last: Terms | undefined;
  #view: View | undefined; // of those, which are nearly always those of the call before
  #all: readonly View[] = [];

  constructor(nodes: All) {
    this.#nodes = nodes;
  }

  get all(): readonly View[] {
    return this.#all;
  }

  /** What calls of such a policy may see. */
  of(terms: Terms): View {
    return this.asked(terms).now;
  }

  /** What calls of such a policy ask to see, also where nobody is there. */
  asked(terms: Terms): View {
    if (terms !== this.#last) {
      if (this.#last === undefined || !isSame(terms, this.#last))
        this.#view = this.#known.get(terms) ?? this.#meet(terms);
      this.#last = terms;
    }
    return this.#view!;
  }

  #meet(terms: Terms): View {
    const view = this.#find(terms);
    this.#known.set(terms, view);
    return view;
  }

  /** The same for who only looks: one that is not there yet is made for this look alone. */
  peek(terms: Terms): View {
    return this.#find(terms, (among, key, make) => among.get(key) ?? make()).now;
  }

  #find(terms: Terms, keep: Keep = (among, key, make) => this.#keep(among, key, make)): View {
    const { zone, subset, aperture, balance } = terms;
    const { mode, size, above } = aperture;
    const numbers = [zone.overprovisioning, balance.panic]; // a view remembers what was told of it, which goes by them
    const way = JSON.stringify([zone.mode, zone.priorities, mode, size, above, isKeyed(balance.picker), ...numbers]);
    if (isAny(subset)) return keep(this.#plain, way, () => new View(this.#nodes, terms));
    const wanted = this.#wanted(subset);
    const otherwise = subset.fallback === 'any' ? this.#find({ ...terms, subset: NO_SUBSET }, keep) : undefined;
    const make = () => new View(this.#nodes, terms, wanted, otherwise);
    return keep(this.#subsets, `${way} ${keyOf(subset)}`, make);
  }

  /** The same for each view of the same labels, so that what is to be told of them is told once. */
  #wanted(subset: Policy['subset']): Subset {
    const key = keyOf(subset);
    let wanted = this.#labels.get(key);
    if (wanted === undefined) {
      wanted = new Subset(subset);
      this.#labels.set(key, wanted);
      if (this.#labels.size > MOST_LABELS) this.#labels.delete(this.#labels.keys().next().value!);
    }
    return wanted;
  }

  #keep(among: Map<string, View>, key: string, make: () => View): View {
    const known = among.get(key);
    if (known !== undefined) among.delete(key);
    const view = known ?? make();
    among.set(key, view);
    if (among.size > MOST) {
      among.delete(among.keys().next().value!);
      if (among === this.#plain) this.#subsets.clear(); // one of them may have turned to it
      this.#known = new WeakMap(); // who has left follows the nodes no more
    }
    if (known === undefined) this.#list();
    return view;
  }

  #list(): void {
    this.#all = [...this.#plain.values(), ...this.#subsets.values()];
  }
}

type Keep = (among: Map<string, View>, key: string, make: () => View) => View;

const isSame = (a: Terms, b: Terms): boolean =>
  a.zone === b.zone && a.subset === b.subset && a.aperture === b.aperture && a.balance === b.balance;

const NO_SUBSET: Policy['subset'] = { labels: {}, fallback: 'none' };
