import type { LevelFacts } from '../core/events.ts';
import type { Node } from '../core/node.ts';
import type { Policy } from '../policy/table.ts';
import { Group } from './group.ts';
import { Levels } from './levels.ts';
import { type Choice, isPanic } from './pick.ts';

/** What of a policy says which endpoints its calls may go to, and which come first. */
export type Terms = Pick<Policy, 'zone' | 'subset'>;

type Labels = readonly (readonly [name: string, value: string])[];

/** What has changed since a view was looked at last. */
export interface Turn {
  readonly panic: boolean;
  readonly spill: boolean;
}

/** All nodes of a service. */
export type All = Group & {
  [Symbol.iterator](): Iterator<Node>;
  /** Whether their tiers differ from 0 in any of these bits. */
  differ(tiers: number): boolean;
  warm(window: number, now: number): void;
};

/** The endpoints that the calls of one policy may go to, and which of them come first. Follows the nodes in place. */
export class View implements Choice {
  readonly #nodes: All;
  readonly #labels: Labels;
  readonly #otherwise: View | undefined;
  readonly #tiers: number; // those bits of a tier that count
  readonly #own: Group | undefined;
  #levels: Levels | undefined;
  #panic = false;
  #spills = false;

  /** Without `labels` all are seen; where nobody has them, what is seen is that of `otherwise`. */
  constructor(nodes: All, zone: Policy['zone'], labels: Labels = [], otherwise?: View) {
    this.#nodes = nodes;
    this.#labels = labels;
    this.#otherwise = otherwise;
    this.#tiers = (zone.priorities ? ~1 : 0) | (zone.mode === 'local' ? 1 : 0);
    this.#own = this.#labels.length === 0 ? undefined : new Group();
    if (this.#own !== undefined) for (const node of nodes) this.place(node);
  }

  /** The view that holds as they are now. */
  get now(): View {
    return this.#otherwise !== undefined && this.whole.live.size === 0 ? this.#otherwise : this;
  }

  /** All that a call may go to. */
  get whole(): Group {
    return this.#own ?? this.#nodes;
  }

  /** They by level; nothing while the levels of all are the same. */
  get levels(): Levels | undefined {
    if (!this.#nodes.differ(this.#tiers)) this.#levels = undefined;
    else if (this.#levels === undefined) {
      this.#levels = new Levels();
      for (const node of this.#nodes) this.place(node);
    }
    return this.#levels;
  }

  /** Whether health is ignored, at a level that gets calls at least. */
  get panic(): boolean {
    return this.#panic;
  }

  /** Looks how they are now, which says whom calls go to. Says what has changed; nothing as long as nothing has. */
  reckon({ zone, balance }: Pick<Policy, 'zone' | 'balance'>, now: number): Turn | undefined {
    const { levels } = this;
    const moved = levels?.reckon(zone.overprovisioning, balance.panic, now) ?? false;
    const panic = levels === undefined ? isPanic(this.whole, balance.panic) : levels.panic;
    const spills = levels?.spills ?? false;
    if (!moved && panic === this.#panic && spills === this.#spills) return undefined;
    const turn = { panic: panic !== this.#panic, spill: spills !== this.#spills || (spills && moved) };
    this.#panic = panic;
    this.#spills = spills;
    return turn;
  }

  /** What is told of them: their levels, best first, none while all stand on the same; and whether there is panic. */
  facts({ zone, balance }: Pick<Policy, 'zone' | 'balance'>): { levels: readonly LevelFacts[]; panic: boolean } {
    const levels = this.levels?.facts(zone.overprovisioning, balance.panic);
    if (levels === undefined) return { levels: [], panic: isPanic(this.whole, balance.panic) };
    return { levels, panic: levels.some(({ panic, percent }) => panic && percent > 0) };
  }

  /** Why a node gets nothing although it is well; empty when it gets something. */
  whyNot(node: Node, levels: readonly LevelFacts[]): string {
    if (!this.admits(node)) return 'not picked: its record has not the labels of the subset';
    const tier = node.tier & this.#tiers;
    const own = levels.find(({ priority, elsewhere }) => tier === 2 * priority + (elsewhere ? 1 : 0));
    if (own === undefined || own.percent > 0) return '';
    return `not picked: ${own.elsewhere ? 'it is in another zone' : `its priority is ${own.priority}`}, and those before it are well`;
  }

  warm(window: number, now: number): void {
    this.#nodes.warm(window, now);
  }

  /** Whether an endpoint has what a call must find there. */
  admits({ endpoint: { metadata, zone } }: Node): boolean {
    return this.#labels.every(([name, value]) => (name === 'zone' ? zone : metadata[name]) === value);
  }

  /** A node has come, or stands otherwise than before. */
  place(node: Node): void {
    if (!this.admits(node)) {
      this.remove(node);
      return;
    }
    this.#own?.place(node);
    this.#levels?.place(node, node.tier & this.#tiers);
  }

  remove(node: Node): void {
    this.#own?.remove(node);
    this.#levels?.remove(node);
  }

  /** Weights that differed may be equal again. */
  settle(): void {
    this.#own?.ready.settle();
    this.#levels?.settle();
  }
}
