import type { Node } from '../core/node.ts';
import { type Places, WeightedSet } from '../math/weighted-set.ts';
import type { Pool, Pools } from './picker.ts';
import { Pickers } from './pickers.ts';

/** Endpoints that are chosen among together, and those that choose among them: all of a service, or some. */
export class Group implements Pools {
  readonly live: Pool;
  readonly ready: Pool;
  readonly pickers = new Pickers();
  readonly #out = new Set<Node>();
  #nextDue = Number.POSITIVE_INFINITY; // no node that is out may be probed before

  /** A node may be in many groups; only that of all may let the nodes themselves remember where they stand. */
  constructor(live?: Places<Node>, ready?: Places<Node>) {
    this.live = new WeightedSet(live);
    this.ready = new WeightedSet(ready);
  }

  /** Those that are out of rotation. */
  get out(): ReadonlySet<Node> {
    return this.#out;
  }

  /** Puts a node where its weight and health say it belongs. `share` of its weight counts here. */
  place(node: Node, share = 1): void {
    const weight = node.endpoint.weight * share;
    const isIn = node.ejection.state === 'in' && node.sick === '';
    if (weight > 0) this.live.set(node, weight);
    else this.live.delete(node);
    if (weight > 0 && isIn) this.ready.set(node, node.weight * share);
    else this.ready.delete(node);
    if (isIn || weight === 0) this.#out.delete(node);
    else {
      this.#out.add(node);
      if (isTriedByCalls(node)) this.#nextDue = Math.min(this.#nextDue, node.ejection.until);
    }
  }

  /** Takes a node out; says whether it was here. */
  remove(node: Node): boolean {
    this.ready.delete(node);
    this.#out.delete(node);
    return this.live.delete(node);
  }

  /** One whose time out is up, or whose probe's lease, and that is not among `tried`. Looks only when there may be one. */
  due(now: number, tried: readonly Node[]): Node | undefined {
    if (now < this.#nextDue) return undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const node of this.#out) {
      if (!isTriedByCalls(node)) continue;
      if (node.ejection.until <= now && !tried.includes(node)) return node; // there may be more, for the next call
      next = Math.min(next, node.ejection.until);
    }
    this.#nextDue = next;
    return undefined;
  }
}

/** Failures in a row from which on one is not counted on, in rotation or not: pickers that know avoid it already. */
const SUSPECT = 2;

/** How many of them can be counted on. */
export function healthyOf({ ready }: Pools): number {
  let healthy = ready.size;
  for (let at = 0; at < ready.size; at++) if (ready.at(at)!.ejection.failures >= SUSPECT) healthy--;
  return healthy;
}

/** Whether a call may find out if it is well again. Of one that active checks find sick, these find it out. */
const isTriedByCalls = ({ ejection, sick }: Node): boolean => ejection.state !== 'in' && sick === '';
