import type { LevelFacts } from '../core/endpoint-events.ts';
import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { type LevelLoad, localShare, priorityLoad } from '../math/priority-load.ts';
import { Xxh64 } from '../math/xxh64.ts';
import { Group } from './group.ts';
import type { PickerName } from './pickers.ts';

/** Endpoints that come before others, or after: those of one priority, here or elsewhere. */
export interface Level {
  /** Twice the priority; one more where it is another zone than ours. */
  readonly tier: number;
  readonly group: Group;
  /** Its share of the calls, in whole percent, and whether health is ignored within it. As was reckoned last. */
  readonly load: LevelLoad;
}

/** Failures in a row from which on one is not counted on, in rotation or not: pickers that know avoid it already. */
const SUSPECT = 2;

const LOOK_MS = 1_000; // how often it is looked for those

const IDLE: LevelLoad = { percent: 0, panic: false };

/** Endpoints by level. Calls go to the first as far as it is well, and spill to the next. */
export class Levels {
  readonly #levels: { tier: number; group: Group; load: LevelLoad }[] = [];
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
        own = true;
      } else level.group.remove(node);
    }
    if (own) return;
    const group = new Group();
    group.place(node, share);
    this.#levels.push({ tier, group, load: IDLE });
    this.#levels.sort((a, b) => a.tier - b.tier);
  }

  remove(node: Node): void {
    this.#dirty = true;
    for (const { group } of this.#levels) group.remove(node);
  }

  /** What is told of them. */
  facts(overprovisioning: number, threshold: number, callers: number): readonly LevelFacts[] {
    const loads = this.#loads(overprovisioning, threshold, callers);
    return this.#levels.map(({ tier, group }, at) => ({
      priority: tier >> 1,
      elsewhere: (tier & 1) === 1,
      healthy: healthyOf(group),
      endpoints: group.live.size,
      ...loads[at]!,
    }));
  }

  settle(): void {
    for (const { group } of this.#levels) group.ready.settle();
  }

  /** Whether it is time to look how they are: some have moved, the policy has, or it is a while ago. */
  due(overprovisioning: number, threshold: number, now: number): boolean {
    const same = overprovisioning === this.#overprovisioning && threshold === this.#threshold;
    return !same || this.#dirty || now >= this.#lookAt;
  }

  /**
   * Says how much each level gets, by its health now, and by the share of all callers that are in our zone (0: unknown).
   * True when it is another share than was said last.
   */
  reckon(overprovisioning: number, threshold: number, now: number, callers: number): boolean {
    this.#dirty = false;
    this.#lookAt = now + LOOK_MS;
    this.#overprovisioning = overprovisioning;
    this.#threshold = threshold;
    let changed = false;
    for (const [at, load] of this.#loads(overprovisioning, threshold, callers).entries()) {
      const level = this.#levels[at]!;
      if (load.percent !== level.load.percent || load.panic !== level.load.panic) changed = true;
      level.load = load;
    }
    this.panic = this.#levels.some(({ load }) => load.panic && load.percent > 0);
    this.spills = this.#levels.some(({ load }, at) => at > 0 && load.percent > 0);
    return changed;
  }

  #loads(overprovisioning: number, threshold: number, callers: number): readonly LevelLoad[] {
    const health = this.#levels.map(({ group }) => ({ healthy: healthyOf(group), total: group.live.size }));
    const loads = [...priorityLoad(health, overprovisioning, threshold)];
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

  /** The level at `share` of all calls; `share` is from 0 to 1, exclusive. None when no level takes calls. */
  draw(share: number): Level | undefined {
    let left = share * 100;
    let last: Level | undefined;
    for (const level of this.#levels) {
      const { percent } = level.load;
      if (percent === 0) continue;
      if (left < percent) return level;
      left -= percent;
      last = level;
    }
    return last;
  }
}

function healthyOf({ ready }: Group): number {
  let healthy = ready.size;
  for (let at = 0; at < ready.size; at++) if (ready.at(at)!.ejection.failures >= SUSPECT) healthy--;
  return healthy;
}

/** What is said of a level: `priority 0, other zones: 5 of 10 well, 30 % of the calls`. */
export function sayLevel({ priority, elsewhere, healthy, endpoints, percent, panic }: LevelFacts): string {
  const who = `priority ${priority}, ${elsewhere ? 'other zones' : 'first choice'}`;
  const health = `${healthy} of ${endpoints} well`;
  return `${who}: ${health}, ${percent} % of the calls${panic && percent > 0 ? ', whatever their health: panic' : ''}`;
}

const hash = new Xxh64();

/** Where among all calls this one stands: by chance, or by its key where calls of one key stay together. */
export function turn(picker: PickerName, key: string | undefined, random: Random): number {
  return key !== undefined && isKeyed(picker) ? hash.text(key, TURN).lo / 0x1_0000_0000 : random.next();
}

const TURN = 2; // a seed of its own, so that a level gets its share of every endpoint's keys

/** Whether a picker goes by keys. */
export const isKeyed = (picker: PickerName): boolean => picker === 'ring-hash' || picker === 'maglev';
