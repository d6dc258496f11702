import { type Endpoint, sameEndpoint } from '../core/endpoint.ts';
import type { Node } from '../core/node.ts';
import { Ejection } from '../math/ejection.ts';
import { PeakEwma } from '../math/peak-ewma.ts';
import { WeightedSet } from '../math/weighted-set.ts';
import { Pickers } from './pickers.ts';
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
export class Nodes {
  readonly #byId = new Map<string, Node>();
  /** All that may be called: their weight is above 0. */
  readonly live = new WeightedSet<Node>({
    get: (node) => node.liveAt,
    set: (node, at) => {
      node.liveAt = at;
    },
    delete: (node) => {
      node.liveAt = undefined;
    },
  });
  /** Those of `live` that are in rotation; one that warms up has less than its weight here. */
  readonly ready = new WeightedSet<Node>({
    get: (node) => node.readyAt,
    set: (node, at) => {
      node.readyAt = at;
    },
    delete: (node) => {
      node.readyAt = undefined;
    },
  });
  /** Those that choose among them. */
  readonly pickers = new Pickers();
  readonly #out = new Set<Node>();
  readonly #warmUp = new WarmUp();
  #nextDue = Number.POSITIVE_INFINITY; // no node that is out may be probed before

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): Iterator<Node> {
    return this.#byId.values();
  }

  /** Those that are out of rotation. */
  get out(): ReadonlySet<Node> {
    return this.#out;
  }

  /** One whose time out is up and that is not among `tried`. Looks only when there may be one. */
  due(now: number, tried: readonly Node[]): Node | undefined {
    if (now < this.#nextDue) return undefined;
    let [found, next]: [Node | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const node of this.#out) {
      if (node.ejection.state !== 'out') continue;
      if (found === undefined && node.ejection.until <= now && !tried.includes(node)) found = node;
      next = Math.min(next, node.ejection.until);
    }
    this.#nextDue = next;
    return found;
  }

  /** Gives nodes that have come lately as much of their weight as they have by now; `window` is how long that takes. */
  warm(window: number, now: number): void {
    if (this.#warmUp.idle) return;
    if (this.#warmUp.step(window, now, this.live.size, this.#moved)) this.ready.settle();
  }

  /** Makes the nodes match the endpoints. */
  update(endpoints: readonly Endpoint[]): Change {
    const [added, removed]: [Node[], Node[]] = [[], []];
    const staying = new Set<string>();
    const isFirst = this.size === 0;
    for (const endpoint of endpoints) {
      if (staying.has(endpoint.id)) continue; // an id stands once in a list; the first one counts
      staying.add(endpoint.id);
      const known = this.#byId.get(endpoint.id);
      if (!this.put(endpoint, isFirst)) continue;
      added.push(this.#byId.get(endpoint.id)!);
      if (known !== undefined) removed.push(known); // the same name, at another place
    }
    for (const node of staying.size < this.#byId.size ? [...this.#byId.values()] : []) {
      if (staying.has(node.endpoint.id)) continue;
      removed.push(node);
      this.remove(node.endpoint.id);
    }
    return { added, removed };
  }

  /** Adds an endpoint, or changes the one of that id in place; says whether it is new. `warm`: needs no warming up. */
  put(endpoint: Endpoint, warm = this.size === 0): boolean {
    const known = this.#byId.get(endpoint.id);
    if (known !== undefined) {
      if (sameEndpoint(known.endpoint, endpoint)) return false;
      if (known.endpoint.url === endpoint.url) {
        known.endpoint = endpoint; // same place, perhaps a new weight
        known.weight = endpoint.weight;
        this.#warmUp.changed(known);
        this.#place(known);
        return false;
      }
      this.remove(endpoint.id); // same name, another place: nothing that was learnt holds there
    }
    const node: Node = {
      // What the picker reads comes first, so that it lies together.
      weight: endpoint.weight,
      inFlight: 0,
      latency: new PeakEwma(),
      silentSince: 0,
      endpoint,
      calls: 0,
      ejection: new Ejection(),
      liveAt: undefined,
      readyAt: undefined,
      gone: false,
      moved: this.#moved,
    };
    this.#byId.set(endpoint.id, node);
    if (!warm) this.#warmUp.add(node);
    this.#place(node);
    return true;
  }

  remove(id: string): void {
    const node = this.#byId.get(id);
    if (node === undefined) return;
    node.gone = true;
    this.#byId.delete(id);
    this.live.delete(node);
    this.ready.delete(node);
    this.#out.delete(node);
    this.#warmUp.delete(node);
  }

  /** Puts a node where its weight and health say it belongs. */
  readonly #moved = (node: Node): void => {
    if (!node.gone) this.#place(node);
  };

  #place(node: Node): void {
    const { weight } = node.endpoint;
    const isIn = node.ejection.state === 'in';
    if (weight > 0) this.live.set(node, weight);
    else this.live.delete(node);
    if (weight > 0 && isIn) this.ready.set(node, node.weight);
    else this.ready.delete(node);
    if (isIn || weight === 0) this.#out.delete(node);
    else {
      this.#out.add(node);
      if (node.ejection.state === 'out') this.#nextDue = Math.min(this.#nextDue, node.ejection.until);
    }
  }
}
