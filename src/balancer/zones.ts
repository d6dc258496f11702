import type { Node } from '../core/node.ts';
import type { Callers } from '../core/peers.ts';
import { type LevelLoad, residualShares } from '../math/priority-load.ts';
import { Group, healthyOf } from './group.ts';

/** Who calls, as far as it is known. */
export interface Calling {
  /** The zone that we are in. */
  readonly zone: string;
  readonly byZone: Callers;
  /** How many there are in all zones. */
  readonly all: number;
}

/** The share of the callers that is in a zone; 0 where nothing is known of them. */
export const callersIn = (zone: string, calling: Calling | undefined): number =>
  calling === undefined ? 0 : (calling.byZone.get(zone) ?? 0) / calling.all;

/** The endpoints of one zone among others, and the share that it gets of what goes to them all. */
export interface Part {
  readonly zone: string;
  readonly group: Group;
  readonly share: number;
  /** As a level of its own would have it. */
  readonly load: LevelLoad;
}

/** Whole, and not 0 where there is something. */
const inPercent = (percent: number): number => (percent === 0 ? 0 : Math.max(1, Math.round(percent)));

/** The endpoints of other zones, told apart while these differ in what they have to spare. */
export class Zones {
  readonly #groups = new Map<string, Group>();

  /** Of all that are in `group`, with the whole of their weight. */
  constructor({ live }: Group) {
    for (let at = 0; at < live.size; at++) this.place(live.at(at)!);
  }

  /** Puts a node where its zone is, and nowhere else. */
  place(node: Node): void {
    const { zone } = node.endpoint;
    for (const name of this.#groups.keys()) if (name !== zone) this.#remove(name, node);
    const group = this.#groups.get(zone) ?? new Group();
    this.#groups.set(zone, group);
    group.place(node);
  }

  remove(node: Node): void {
    for (const name of this.#groups.keys()) this.#remove(name, node);
  }

  settle(): void {
    for (const { ready } of this.#groups.values()) ready.settle();
  }

  /**
   * By what shares they get those `percent` of the calls that our zone, where so many are well, can not take. None where it
   * goes by endpoints alone.
   */
  parts(here: number, percent: number, calling: Calling): readonly Part[] {
    const zones = [...this.#groups];
    const shares = residualShares(
      here,
      zones.map(([zone, group]) => ({ endpoints: healthyOf(group), callers: callersIn(zone, calling) })),
    );
    return shares.map((share, at) => {
      const [zone, group] = zones[at]!;
      return { zone, group, share, load: { percent: inPercent(share * percent), panic: false } };
    });
  }

  #remove(name: string, node: Node): void {
    const group = this.#groups.get(name)!;
    group.remove(node);
    if (group.live.size === 0) this.#groups.delete(name);
  }
}
