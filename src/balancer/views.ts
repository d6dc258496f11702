import type { Policy } from '../policy/table.ts';
import { type All, type Terms, View } from './view.ts';

const MOST = 32; // sets of labels of one service kept, one for each that the policies of its routes name

/** What the policies of one service let their calls see of it: made when first asked for, and kept while it is asked for. */
export class Views {
  readonly #nodes: All;
  readonly #plain = new Map<string, View>(); // without labels: four at most
  readonly #subsets = new Map<string, View>(); // the one asked for last is the last
  #zone: Policy['zone'] | undefined;
  #subset: Policy['subset'] | undefined;
  #view: View | undefined; // of those two, which are nearly always those of the call before
  #all: readonly View[] = [];

  constructor(nodes: All) {
    this.#nodes = nodes;
  }

  get all(): readonly View[] {
    return this.#all;
  }

  /** What calls of such a policy may see. */
  of({ zone, subset }: Terms): View {
    if (this.#view === undefined || zone !== this.#zone || subset !== this.#subset) {
      this.#view = this.#find(zone, subset);
      this.#zone = zone;
      this.#subset = subset;
    }
    return this.#view.now;
  }

  #find(zone: Policy['zone'], subset: Policy['subset']): View {
    const labels = Object.entries(subset.labels);
    const way = `${zone.mode} ${zone.priorities}`;
    if (labels.length === 0) return this.#keep(this.#plain, way, () => new View(this.#nodes, zone));
    const sorted = labels.sort(([a], [b]) => (a < b ? -1 : 1));
    const key = `${way} ${subset.fallback} ${JSON.stringify(sorted)}`;
    const otherwise = subset.fallback === 'any' ? this.#find(zone, NO_SUBSET) : undefined;
    const view = this.#keep(this.#subsets, key, () => new View(this.#nodes, zone, sorted, otherwise));
    if (this.#subsets.size > MOST) {
      this.#subsets.delete(this.#subsets.keys().next().value!);
      this.#list();
    }
    return view;
  }

  #keep(among: Map<string, View>, key: string, make: () => View): View {
    const known = among.get(key);
    if (known !== undefined) among.delete(key);
    const view = known ?? make();
    among.set(key, view);
    if (known === undefined) this.#list();
    return view;
  }

  #list(): void {
    this.#all = [...this.#plain.values(), ...this.#subsets.values()];
  }
}

const NO_SUBSET: Policy['subset'] = { labels: {}, fallback: 'none' };
