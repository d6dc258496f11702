import type { LevelFacts } from '../core/endpoint-events.ts';
import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { PARTS } from '../math/parts.ts';
import { type LevelLoad, localShare, priorityLoad } from '../math/priority-load.ts';
import { Xxh64 } from '../math/xxh64.ts';
import type { Policy } from '../policy/table.ts';
import { Group, healthyOf } from './group.ts';
import type { PickerName } from './pickers.ts';
import { type Calling, callersIn, type Part, Zones } from './zones.ts';

/** By whose numbers calls spread over levels. */
type Terms = Pick<Policy, 'zone' | 'balance'>;

/** Endpoints that come before others, or after: those of one priority, here or elsewhere. */
export interface Level {
  /** Twice the priority; one more where it is another zone than ours. */
  readonly tier: number;
  readonly group: Group;
  /** Its share of the calls, in whole percent, and whether health is ignored within it. As was reckoned last. */
  readonly load: LevelLoad;
}

/** Endpoints whose turn it may be, and of how many calls, from 0 to 1. */
export interface Turn {
  readonly group: Group;
  readonly share: number;
  readonly panic: boolean;
}

/** One of them, as it is kept. Other zones are told apart only while they get calls, and who calls is known. */
interface Kept {
  readonly tier: number;
  readonly group: Group;
  load: LevelLoad;
  zones: Zones | undefined;
  parts: readonly Part[];
}

const LOOK_MS = 1_000; // how often it is looked for those

const IDLE: LevelLoad = { percent: 0, panic: false };

/** Endpoints by level. Calls go to the first as far as it is well, and spill to the next. */
export class Levels {
  readonly #levels: Kept[] = [];
  /** Whether health is ignored at one that gets calls; as was reckoned last. */
  panic = false;
  /** Whether calls go to others than the first; as was reckoned last. */
  spills = false;
  #dirty = true;
  #lookAt = Number.NEGATIVE_INFINITY;
  #overprovisioning = Number.NaN;
  #threshold = Number.NaN;

  /** First to last. */
  get all(): readonly Level[] {
    return this.#levels;
  }

  /** Puts a node at its level, and nowhere else. */
  place(node: Node, tier: number, share: number): void {
    this.#dirty = true;
    let own = false;
    for (const level of this.#levels) {
      if (level.tier === tier) {
        level.group.place(node, share);
        if (node.endpoint.weight > 0) level.zones?.place(node);
        else level.zones?.remove(node);
        own = true;
      } else take(level, node);
    }
    if (own) return;
    const group = new Group();
    group.place(node, share);
    this.#levels.push({ tier, group, load: IDLE, zones: undefined, parts: NO_PARTS });
    this.#levels.sort((a, b) => a.tier - b.tier);
  }

  remove(node: Node): void {
    this.#dirty = true;
    for (const level of this.#levels) take(level, node);
  }

  /** What is told of them. */
  facts(terms: Terms, calling: Calling | undefined): readonly LevelFacts[] {
    const loads = this.#loads(terms, calling);
    return this.#levels.map(({ tier, group }, at) => ({
      priority: tier >> 1,
      elsewhere: (tier & 1) === 1,
      healthy: healthyOf(group),
      endpoints: group.live.size,
      ...loads[at]!,
      zones: percents(this.#parts(at, loads[at]!, calling, false)),
    }));
  }

  /** Those whose turn it may be, in the order of `draw`, as they are now; for who only looks. */
  look(terms: Terms, calling: Calling | undefined): readonly Turn[] {
    const loads = this.#loads(terms, calling);
    return this.#levels.flatMap(({ group }, at) => {
      const { percent, panic } = loads[at]!;
      const parts = this.#parts(at, loads[at]!, calling, false);
      if (parts.length === 0) return { group, share: percent / 100, panic };
      return parts.map((part) => ({ group: part.group, share: (part.share * percent) / 100, panic: part.load.panic }));
    });
  }

  settle(): void {
    for (const { group, zones } of this.#levels) {
      group.ready.settle();
      zones?.settle();
    }
  }

  /** Whether it is time to look how they are: some have moved, the policy has, or it is a while ago. */
  due({ zone, balance }: Terms, now: number): boolean {
    const same = zone.overprovisioning === this.#overprovisioning && balance.panic === this.#threshold;
    return !same || this.#dirty || now >= this.#lookAt;
  }

  /**
   * Says how much each level gets, by its health now, and by where those are that call, if that is known. True when it is
   * another share than was said last.
   */
  reckon(terms: Terms, now: number, calling: Calling | undefined): boolean {
    this.#dirty = false;
    this.#lookAt = now + LOOK_MS;
    this.#overprovisioning = terms.zone.overprovisioning;
    this.#threshold = terms.balance.panic;
    let changed = false;
    for (const [at, load] of this.#loads(terms, calling).entries()) {
      const level = this.#levels[at]!;
      if (load.percent !== level.load.percent || load.panic !== level.load.panic) changed = true;
      const parts = this.#parts(at, load, calling, true);
      if (!sameParts(parts, level.parts)) changed = true;
      level.load = load;
      level.parts = parts;
      if (parts.length === 0) level.zones = undefined;
    }
    this.panic = this.#levels.some(({ load }) => load.panic && load.percent > 0);
    this.spills = this.#levels.some(({ load }, at) => at > 0 && load.percent > 0);
    return changed;
  }

  #loads({ zone, balance }: Terms, calling: Calling | undefined): readonly LevelLoad[] {
    const callers = calling === undefined ? 0 : callersIn(calling.zone, calling);
    const health = this.#levels.map(({ group }) => ({ healthy: healthyOf(group), total: group.live.size }));
    const loads = [...priorityLoad(health, zone.overprovisioning, balance.panic)];
    for (let at = 1; at < loads.length; at++) {
      const [near, far] = [loads[at - 1]!, loads[at]!];
      // Our zone and the others, at one priority: what ours is too small for goes to the others, as far as these are well.
      if (this.#levels[at]!.tier !== this.#levels[at - 1]!.tier + 1 || this.#levels[at]!.tier % 2 === 0) continue;
      if (near.panic || far.panic || health[at]!.healthy === 0) continue;
      const most = (near.percent + far.percent) * localShare(health[at - 1]!.healthy, health[at]!.healthy, callers);
      const moved = Math.max(0, near.percent - Math.round(most));
      loads[at - 1] = { ...near, percent: near.percent - moved };
      loads[at] = { ...far, percent: far.percent + moved };
    }
    return loads;
  }

  /** By what shares the zones of a level get its calls; none where that goes by endpoints. Who only looks keeps nothing. */
  #parts(at: number, { percent, panic }: LevelLoad, calling: Calling | undefined, keep: boolean): readonly Part[] {
    const level = this.#levels[at]!;
    if (calling === undefined || percent === 0 || panic || (level.tier & 1) === 0) return NO_PARTS;
    const near = this.#levels[at - 1];
    const zones = level.zones ?? new Zones(level.group);
    if (keep) level.zones = zones;
    const here = near?.tier === level.tier - 1 ? healthyOf(near.group) : 0;
    return zones.parts(here, percent, calling);
  }

  /** Those whose turn it is at one of the `PARTS` of all calls. Nobody when no level takes calls. */
  draw(part: number): Pick<Level, 'group' | 'load'> | undefined {
    let left = (part / PARTS) * 100;
    let last: Kept | undefined;
    for (const level of this.#levels) {
      const { percent } = level.load;
      if (percent === 0) continue;
      if (left < percent) return level.parts.length === 0 ? level : partAt(level.parts, left / percent);
      left -= percent;
      last = level;
    }
    return last;
  }
}

/** What is said of a level: `priority 0, other zones: 5 of 10 well, 30 % of the calls: b 20 %, c 10 %`. */
export function sayLevel({ priority, elsewhere, healthy, endpoints, percent, panic, zones }: LevelFacts): string {
  const who = `priority ${priority}, ${elsewhere ? 'other zones' : 'first choice'}`;
  const health = `${healthy} of ${endpoints} well`;
  const each = Object.entries(zones).map(([zone, own]) => `${zone || 'of no zone'} ${own} %`);
  const shares = `${percent} % of the calls${each.length === 0 ? '' : `: ${each.join(', ')}`}`;
  return `${who}: ${health}, ${shares}${panic && percent > 0 ? ', whatever their health: panic' : ''}`;
}

const NO_PARTS: readonly Part[] = [];

/** Takes a node out of a level. */
function take({ group, zones }: Kept, node: Node): void {
  group.remove(node);
  zones?.remove(node);
}

function partAt(parts: readonly Part[], at: number): Part {
  let left = at;
  for (const part of parts) {
    if (left < part.share) return part;
    left -= part.share;
  }
  return parts.findLast(({ share }) => share > 0)!; // what rounding has left
}

/** What the zones of a level get, in whole percent of all calls. */
const percents = (parts: readonly Part[]): Readonly<Record<string, number>> =>
  Object.fromEntries(parts.map(({ zone, load }) => [zone, load.percent]));

/** Whether they come to the same in whole percent. */
const sameParts = (parts: readonly Part[], before: readonly Part[]): boolean =>
  parts.length === before.length &&
  parts.every(({ zone, load }, at) => zone === before[at]!.zone && load.percent === before[at]!.load.percent);

const hash = new Xxh64();

/** Where among all calls, as one of the `PARTS`, this one stands: by chance, or by its key where calls of one stay together. */
export function turn(picker: PickerName, key: string | undefined, random: Random): number {
  return key !== undefined && isKeyed(picker) ? keyTurn(key) : random.below(PARTS);
}

/** The same, of a key. */
export const keyTurn = (key: string): number => Math.floor((hash.text(key, TURN).lo / 0x1_0000_0000) * PARTS);

const TURN = 2; // a seed of its own, so that a level gets its share of every endpoint's keys

/** Whether a picker goes by keys. */
export const isKeyed = (picker: PickerName): boolean => picker === 'ring-hash' || picker === 'maglev';
