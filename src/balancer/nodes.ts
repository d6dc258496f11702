import { type Endpoint, sameEndpoint, tierOf } from '../core/endpoint.ts';
import type { Node, Others } from '../core/node.ts';
import { NO_PEERS, type Peers } from '../core/peers.ts';
import { NOWHERE, type Place } from '../core/place.ts';
import { sameEnds } from '../core/same-ends.ts';
import { Ejection } from '../math/ejection.ts';
import { PeakEwma } from '../math/peak-ewma.ts';
import type { Places } from '../math/weighted-set.ts';
import type { Policy } from '../policy/table.ts';
import type { Ourselves } from './aperture.ts';
import { Group } from './group.ts';
import { hashKeyOf } from './hashed.ts';
import { passedOver } from './passed-over.ts';
import type { Choice } from './pick.ts';
import type { Terms, View } from './view.ts';
import { Views } from './views.ts';
import { WarmUp } from './warm-up.ts';

/** What a new list has changed. */
export interface Change {
  readonly added: readonly Node[];
  readonly removed: readonly Node[];
}

/**
 * The endpoints of one service as the balancer sees them. When the list changes, a node that stays keeps all it has
 * learnt; one that goes takes it along. Every change is made in place.
 */
export class Nodes extends Group implements Choice {
  readonly #byId = new Map<string, Node>();
  readonly #views: Views;
  readonly #warmUp = new WarmUp();
  readonly #all: Others = {
    inFlight: 0,
    freed: undefined,
    moved: (node) => this.#moved(node),
    passedOver: (chosen, policy, tried, priority) => passedOver(this, chosen, policy, tried, priority),
  };
  /** Where we are ourselves, and what is known of our like. */
  readonly ourselves: Ourselves;
  /** Grows with every change of the list. */
  listed = 0;
  #list: readonly Endpoint[] = []; // as it was told last
  #listOf = 0; // which `listed` that was
  #elsewhere = 0; // nodes of another zone than ours, where we have one
  #lesser = 0; // nodes of another priority than the first

  constructor({ zone }: Place = NOWHERE, peers: Peers = NO_PEERS) {
    super(LIVE_AT, READY_AT);
    this.ourselves = { zone, peers };
    this.#views = new Views(this);
  }

  /** Has `heard` hear of each call that is over, or nobody. */
  onFreed(heard: (() => void) | undefined): void {
    this.#all.freed = heard;
  }

  /** Without a policy that says otherwise, they are all there is to pick from, and on one level. */
  get whole(): Group {
    return this;
  }

  get levels(): undefined {
    return undefined;
  }

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): Iterator<Node> {
    return this.#byId.values();
  }

  /** What calls of such a policy may see of them. */
  view(terms: Terms): View {
    return this.#views.of(terms);
  }

  /** What calls of such a policy ask to see, also where nobody is there. */
  asked(terms: Terms): View {
    return this.#views.asked(terms);
  }

  /** The same as `view` for who only looks. */
  peek(terms: Terms): View {
    return this.#views.peek(terms);
  }

  /** Whether their tiers differ from 0 in any of these bits. */
  differ(tiers: number): boolean {
    return (this.#elsewhere > 0 && (tiers & 1) !== 0) || (this.#lesser > 0 && tiers < 0);
  }

  /** Gives nodes that have come lately as much of their weight as they have by now. */
  warm({ warmUp }: Policy['balance'], now: number): void {
    if (this.#warmUp.idle) return;
    if (this.#warmUp.step(warmUp, now, this.live.size, this.#all.moved)) {
      this.ready.settle();
      for (const view of this.#views.all) view.settle();
    }
  }

  /** The weights that nodes would have by `warm`, for who only looks; nothing where they are as they are. */
  weights(window: number, now: number): ((node: Node) => number) | undefined {
    if (this.#warmUp.idle) return undefined;
    return (node) => this.#warmUp.weightOf(node, window, now, this.live.size);
  }

  /** Makes the nodes match the endpoints. */
  update(endpoints: readonly Endpoint[]): Change {
    const [added, removed]: [Node[], Node[]] = [[], []];
    const staying = new Set<string>();
    const isFirst = this.size === 0;
    const list = [...endpoints];
    const [before, now] = this.#between(list);
    for (const endpoint of now) {
      if (staying.has(endpoint.id)) continue; // an id stands once in a list; the first one counts
      staying.add(endpoint.id);
      const known = this.#byId.get(endpoint.id);
      if (!this.put(endpoint, isFirst)) continue;
      added.push(this.#byId.get(endpoint.id)!);
      if (known !== undefined) removed.push(known); // the same name, at another place
    }
    for (const { id } of before) {
      const node = staying.has(id) ? undefined : this.#byId.get(id);
      if (node === undefined) continue;
      removed.push(node);
      this.drop(id);
    }
    this.#list = list;
    this.#listOf = this.listed;
    return { added, removed };
  }

  /** What differs in the list before and in this one, since mostly that is little of much; all, where ids stand twice. */
  #between(endpoints: readonly Endpoint[]): readonly [before: readonly Endpoint[], now: readonly Endpoint[]] {
    const before = this.#listOf === this.listed ? this.#list : [...this.#byId.values()].map(({ endpoint }) => endpoint);
    const [head, tail] = sameEnds(before, endpoints);
    const old = before.slice(head, before.length - tail);
    const now = endpoints.slice(head, endpoints.length - tail);
    const ids = new Set(old.map(({ id }) => id));
    const once = before.length === this.size && now.every(({ id }) => ids.has(id) || !this.#byId.has(id));
    return once ? [old, now] : [before, endpoints];
  }

  /** Adds an endpoint, or changes the one of that id in place; says whether it is new. `warm`: needs no warming up. */
  put(endpoint: Endpoint, warm = this.size === 0): boolean {
    const known = this.#byId.get(endpoint.id);
    if (known !== undefined) {
      if (sameEndpoint(known.endpoint, endpoint)) return false;
      if (known.endpoint.url === endpoint.url) {
        if (hashKeyOf(known.endpoint) !== hashKeyOf(endpoint)) this.#take(known); // put back, it is a change to who hashes
        known.endpoint = endpoint; // same place, perhaps a new weight
        known.weight = endpoint.weight;
        this.#count(known, -1);
        known.tier = tierOf(endpoint, this.ourselves.zone);
        this.#count(known, 1);
        this.#warmUp.changed(known);
        this.#put(known);
        return false;
      }
      this.drop(endpoint.id); // same name, another place: nothing that was learnt holds there
    }
    const node: Node = {
      // What the picker reads comes first, so that it lies together.
      weight: endpoint.weight,
      inFlight: 0,
      all: this.#all,
      latency: new PeakEwma(),
      silentSince: 0,
      endpoint,
      calls: 0,
      tier: tierOf(endpoint, this.ourselves.zone),
      load: undefined,
      ejection: new Ejection(),
      limit: undefined,
      verdicts: undefined,
      sick: '',
      liveAt: undefined,
      readyAt: undefined,
      gone: false,
    };
    this.#byId.set(endpoint.id, node);
    this.#count(node, 1);
    if (!warm) this.#warmUp.add(node);
    this.#put(node);
    return true;
  }

  /** Takes the endpoint of that id off the list. */
  drop(id: string): void {
    const node = this.#byId.get(id);
    if (node === undefined) return;
    node.gone = true;
    this.#byId.delete(id);
    this.#count(node, -1);
    this.#warmUp.delete(node);
    this.#take(node);
  }

  #take(node: Node): void {
    this.remove(node);
    for (const view of this.#views.all) view.remove(node);
  }

  /** Puts a node where its weight and health say it belongs. */
  #moved(node: Node): void {
    if (!node.gone) this.#put(node);
  }

  #put(node: Node): void {
    this.place(node);
    for (const view of this.#views.all) view.place(node);
  }

  #count({ tier }: Node, by: number): void {
    this.listed++;
    if ((tier & 1) !== 0) this.#elsewhere += by;
    if (tier > 1) this.#lesser += by;
  }
}

/** Nodes remember themselves where they stand among all, so that it takes no map. */
const LIVE_AT: Places<Node> = {
  get: (node) => node.liveAt,
  set: (node, at) => {
    node.liveAt = at;
  },
  delete: (node) => {
    node.liveAt = undefined;
  },
};

const READY_AT: Places<Node> = {
  get: (node) => node.readyAt,
  set: (node, at) => {
    node.readyAt = at;
  },
  delete: (node) => {
    node.readyAt = undefined;
  },
};
