import type { LevelFacts } from '../core/endpoint-events.ts';
import type { Node } from '../core/node.ts';
import type { Policy } from '../policy/table.ts';
import { Aperture, type Ourselves } from './aperture.ts';
import { Group } from './group.ts';
import { isKeyed, Levels } from './levels.ts';
import { type Choice, isPanic } from './pick.ts';
import type { Subset } from './subset.ts';
import type { Calling } from './zones.ts';

/** What of a policy says which endpoints its calls may go to, and which come first. */
export type Terms = Pick<Policy, 'zone' | 'subset' | 'aperture' | 'balance'>;

/** What has changed since a view was looked at last. */
export interface Turn {
  readonly panic: boolean;
  readonly spill: boolean;
  readonly aperture: boolean;
  readonly subset: boolean;
}

const QUIET: Turn = { panic: false, spill: false, aperture: false, subset: false };

/** All nodes of a service. */
export type All = Group & {
  [Symbol.iterator](): Iterator<Node>;
  /** Whether their tiers differ from 0 in any of these bits. */
  differ(tiers: number): boolean;
  /** Grows with every change of the list. */
  readonly listed: number;
  readonly ourselves: Ourselves;
  warm(policy: Policy['balance'], now: number): void;
  weights(window: number, now: number): ((node: Node) => number) | undefined;
};

/** The endpoints that the calls of one policy may go to, and which of them come first. Follows the nodes in place. */
export class View implements Choice {
  readonly #nodes: All;
  /** The labels that its calls must find; nothing where they need none. */
  readonly subset: Subset | undefined;
  readonly #otherwise: View | undefined;
  readonly #tiers: number; // those bits of a tier that count
  #own: Group | undefined;
  #levels: Levels | undefined;
  readonly #aperture: Aperture | undefined;
  #panic = false;
  #spills = false;
  #calling: Calling | undefined; // where our like are, as was looked at last; nothing while it is not known

  /** Without a `subset` all are seen; where nobody is of it, what is seen is that of `otherwise`. */
  constructor(nodes: All, { zone, aperture, balance }: Terms, subset?: Subset, otherwise?: View) {
    this.#nodes = nodes;
    this.subset = subset;
    this.#otherwise = otherwise;
    this.#tiers = (zone.priorities ? ~1 : 0) | (zone.mode === 'local' ? 1 : 0);
    // Whose a key is all clients must agree on, so that then all see all.
    const whole = aperture.mode === 'off' || isKeyed(balance.picker);
    this.#aperture = whole ? undefined : new Aperture(aperture, nodes.ourselves);
    if (subset !== undefined) this.#narrow();
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
    else this.#levels ??= this.#byLevel();
    return this.#levels;
  }

  /** The same for who only looks: nothing is kept of it. */
  get levelsNow(): Levels | undefined {
    return this.#nodes.differ(this.#tiers) ? (this.#levels ?? this.#byLevel()) : undefined;
  }

  #byLevel(): Levels {
    const levels = new Levels();
    for (const node of this.#nodes) {
      const share = this.#shareOf(node);
      if (share > 0) levels.place(node, node.tier & this.#tiers, share);
    }
    return levels;
  }

  /** Whether health is ignored, at a level that gets calls at least. */
  get panic(): boolean {
    return this.#panic;
  }

  /** Looks how they are now, which says whom calls go to. Says what has changed; nothing as long as nothing has. */
  reckon(policy: Pick<Policy, 'zone' | 'balance'>, now: number): Turn | undefined {
    const view = this.now;
    const turn = view === this ? this.#reckon(policy, now) : view.reckon(policy, now);
    const isNews = this.subset?.isNews(this.whole.live.size, this.#nodes.live.size) === true;
    return isNews ? { ...(turn ?? QUIET), subset: true } : turn;
  }

  #reckon(policy: Pick<Policy, 'zone' | 'balance'>, now: number): Turn | undefined {
    const cut = this.#aperture?.concerns(this.#nodes.live.size) === true && this.#aim(this.#aperture, now);
    const { levels } = this;
    const moved = levels !== undefined && this.#spread(levels, policy, now);
    const panic = levels === undefined ? isPanic(this.whole, policy.balance) : levels.panic;
    const spills = levels?.spills ?? false;
    if (!cut && !moved && panic === this.#panic && spills === this.#spills) return undefined;
    const spill = spills !== this.#spills || (spills && moved);
    const turn = { panic: panic !== this.#panic, spill, aperture: cut, subset: false };
    this.#panic = panic;
    this.#spills = spills;
    return turn;
  }

  #spread(levels: Levels, policy: Pick<Policy, 'zone' | 'balance'>, now: number): boolean {
    if (!levels.due(policy, now)) return false;
    this.#calling = this.#look(now);
    return levels.reckon(policy, now, this.#calling);
  }

  /** Where the instances of our service are; nothing when it is not known, or we see only a part of the endpoints. */
  #look(now: number): Calling | undefined {
    const { zone, peers } = this.#nodes.ourselves;
    const byZone = zone === '' || this.#aperture?.cut !== undefined ? undefined : peers.callers(now);
    const all = [...(byZone?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return byZone === undefined || all === 0 ? undefined : { zone, byZone, all };
  }

  /** Chooses our part anew where that is due; says whether it did. */
  #aim(aperture: Aperture, now: number): boolean {
    if (!aperture.renew(this.#nodes, this.whole.live.size, this.#byTier, now)) return false;
    this.#narrow();
    return true;
  }

  readonly #byTier = (): ReadonlyMap<number, readonly Node[]> => {
    const seen = [...{ [Symbol.iterator]: () => this.#nodes[Symbol.iterator]() }];
    return Map.groupBy(
      seen.filter((node) => node.endpoint.weight > 0 && this.admits(node)),
      ({ tier }) => tier & this.#tiers,
    );
  };

  /** Puts all where they belong, in a group of our own where that is not all of them. */
  #narrow(): void {
    if (this.subset === undefined && this.#aperture?.cut === undefined) this.#own = undefined;
    else this.#own ??= new Group();
    for (const node of this.#nodes) this.place(node);
  }

  /** What is told of them: their levels, best first, none while all stand on the same; and whether there is panic. */
  facts(policy: Pick<Policy, 'zone' | 'balance'>): { levels: readonly LevelFacts[]; panic: boolean } {
    const levels = this.levelsNow?.facts(policy, this.#calling);
    if (levels === undefined) return { levels: [], panic: isPanic(this.whole, policy.balance) };
    return { levels, panic: levels.some(({ panic, percent }) => panic && percent > 0) };
  }

  /** Whose turn it may be, for who only looks; nothing while all stand on the same level. */
  turns(policy: Pick<Policy, 'zone' | 'balance'>): ReturnType<Levels['look']> | undefined {
    return this.levelsNow?.look(policy, this.#calling);
  }

  /** Why a node gets nothing although it is well; empty when it gets something. */
  whyNot(node: Node, levels: readonly LevelFacts[]): string {
    const apart = this.apart(node);
    if (apart === 'subset') return 'not picked: its record has not the labels of the subset';
    if (apart === 'aperture') return 'not picked: it is for others of our service (aperture)';
    const behind = this.behind(node, levels);
    if (behind === undefined) return '';
    if (Object.hasOwn(levelOf(node, levels, this.#tiers)!.zones, node.endpoint.zone)) {
      return 'not picked: its zone has no more endpoints than it has callers, and others have';
    }
    return `not picked: ${behind === 'zone' ? 'it is in another zone' : `its priority is ${node.tier >> 1}`}, and those before it are well`;
  }

  /** What keeps a node out of sight of these calls; nothing where they see it. */
  apart(node: Node): 'subset' | 'aperture' | undefined {
    if (!this.admits(node)) return 'subset';
    return this.#aperture?.cut?.has(node) === false ? 'aperture' : undefined;
  }

  /** By what a node stands behind others that are well, so that it gets nothing; nothing where it gets something. */
  behind(node: Node, levels: readonly LevelFacts[]): 'zone' | 'priority' | undefined {
    const own = levelOf(node, levels, this.#tiers);
    if (own === undefined || (own.percent > 0 && own.zones[node.endpoint.zone] !== 0)) return undefined;
    if (own.percent > 0) return 'zone';
    const isNear = ({ priority, elsewhere, percent }: LevelFacts): boolean =>
      percent > 0 && priority === own.priority && !elsewhere;
    return own.elsewhere && levels.some(isNear) ? 'zone' : 'priority';
  }

  warm(policy: Policy['balance'], now: number): void {
    this.#nodes.warm(policy, now);
  }

  /** The weights that nodes would have by `warm`, for who only looks; nothing where they are as they are. */
  weights(window: number, now: number): ((node: Node) => number) | undefined {
    return this.#nodes.weights(window, now);
  }

  /** Whether an endpoint has what a call must find there. */
  admits(node: Node): boolean {
    return this.subset === undefined || this.subset.admits(node);
  }

  /** A node has come, or stands otherwise than before. */
  place(node: Node): void {
    const share = this.#shareOf(node);
    if (share === 0) {
      this.remove(node);
      return;
    }
    this.#own?.place(node, share);
    this.#levels?.place(node, node.tier & this.#tiers, share);
  }

  /** The share of its weight that is ours; 0 where these calls do not see it. */
  #shareOf(node: Node): number {
    if (!this.admits(node)) return 0;
    const cut = this.#aperture?.cut;
    return cut === undefined ? 1 : (cut.get(node) ?? 0);
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

/** What is told of the level that a node stands on, where so much of its tier counts. */
const levelOf = (node: Node, levels: readonly LevelFacts[], tiers: number): LevelFacts | undefined =>
  levels.find(({ priority, elsewhere }) => (node.tier & tiers) === 2 * priority + (elsewhere ? 1 : 0));
