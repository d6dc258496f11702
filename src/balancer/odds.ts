import type { Node } from '../core/node.ts';
import type { Priority } from '../core/priority.ts';
import { hasRoom } from '../core/room.ts';
import { PARTS } from '../math/parts.ts';
import { R4 } from '../math/spread.ts';
import { WeightedSet } from '../math/weighted-set.ts';
import type { Policy } from '../policy/table.ts';
import type { Group } from './group.ts';
import { isKeyed, keyTurn } from './levels.ts';
import { isPanic } from './pick.ts';
import type { Pool, Pools } from './picker.ts';
import type { Pickers } from './pickers.ts';
import type { View } from './view.ts';

/**
 * What decides where a call goes: it is the `probe` of one that was out, its `key` says it, whose `turn` it is, two are
 * drawn by chance and the `better` is taken, `chance` alone; there is one endpoint `only`, or `nobody`; it goes to `all`.
 */
export type DecidedBy = 'all' | 'probe' | 'key' | 'turn' | 'better' | 'chance' | 'only' | 'nobody';

/** Where a call would go now. */
export interface Odds {
  readonly by: DecidedBy;
  /** Of how many calls like this one, from 0 to 1, each would get one. Who gets none is not listed. */
  readonly shares: Shares;
  /** Whose the key is when all are in rotation and none is spared; nothing where no key decides. */
  readonly owner: Node | undefined;
}

/** What is to be known of a call. */
export interface Asked {
  readonly policy: Policy;
  readonly key: string | undefined;
  readonly priority: Priority;
}

/** What is asked, of whom. */
interface Look extends Asked {
  readonly view: View;
}

/** Nodes that are chosen among together, and their share of the calls. */
interface Part {
  readonly group: Pools & { readonly pickers: Pickers };
  readonly pool: Pool;
  readonly share: number;
}

const LOOKS = 4_096; // each costs as much as a pick, and a share is known to a few thousandths
const MANY = 256; // of more it takes too many looks to tell them apart: then their shares are those of their weights
type Shares = ReadonlyMap<Node, number>;

const NOBODY: Odds = { by: 'nobody', shares: new Map(), owner: undefined };

/**
 * By what chance a call would go where, if it were made now; what one that is due decides, exactly. Changes nothing:
 * where chance has a part, the picker itself is asked, with numbers that are spread evenly in place of the mesh's own.
 */
export function odds(view: View, of: Asked, now: number): Odds {
  const { whole } = view;
  const asked: Look = { ...of, view };
  const probe = dueAt(whole, now);
  if (probe !== undefined) return { by: 'probe', shares: new Map([[probe, 1]]), owner: undefined };
  const parts = partsOf(asked);
  const shares = new Map<Node, number>();
  let by: DecidedBy = 'nobody';
  for (const part of parts) {
    const found = ofPart(part, asked, [], now);
    by = found.by === 'nobody' ? by : found.by;
    add(shares, found.shares, part.share);
  }
  if (asked.policy.limit.endpoint > 0) spare(shares, parts, asked, now);
  const first = parts[0];
  if (shares.size === 0 || first === undefined) return NOBODY;
  return { by, shares, owner: by === 'key' ? ownerOf(first, asked, now) : undefined };
}

/** Where a call goes that is sent to every endpoint. */
export const toAll = (nodes: Iterable<Node>): Odds => {
  const targets = [...nodes].filter(({ endpoint }) => endpoint.weight > 0);
  return targets.length === 0
    ? NOBODY
    : { by: 'all', shares: new Map(targets.map((node) => [node, 1])), owner: undefined };
};

/** Who is full passes its calls on: each is chosen for anew, among those that have room, of wherever where there is none. */
function spare(shares: Map<Node, number>, parts: readonly Part[], asked: Look, now: number): void {
  const { policy, priority, view } = asked;
  const { whole } = view;
  const all = isPanic(whole, policy.balance) ? whole.live : whole.ready;
  const full = members(all).filter((node) => !hasRoom(node, policy.limit, priority));
  const passed = full.reduce((sum, node) => sum + (shares.get(node) ?? 0), 0);
  for (const node of full) shares.delete(node);
  for (const part of passed > 0 ? parts : []) {
    const tried = full.filter((node) => part.pool.has(node));
    const isAny = tried.length < part.pool.size;
    const found = isAny
      ? ofPart(part, asked, tried, now)
      : ofPart({ ...part, group: whole, pool: all }, asked, full, now);
    add(shares, found.shares, part.share * passed);
  }
}

/** Whoever was out and may be tried by the next call. */
function dueAt({ out }: Group, now: number): Node | undefined {
  for (const node of out) if (node.sick === '' && node.ejection.until <= now) return node;
  return undefined;
}

/** What there is to choose among: all, or each level by its share; the one that its key says. */
function partsOf({ view, policy, key }: Look): readonly Part[] {
  const { balance } = policy;
  const { whole } = view;
  const turns = view.turns(policy);
  if (turns === undefined) {
    return [{ group: whole, pool: isPanic(whole, balance) ? whole.live : whole.ready, share: 1 }];
  }
  const parts = turns
    .filter(({ share }) => share > 0)
    .map(({ group, share, panic }): Part => {
      const pool = panic ? group.live : group.ready;
      return pool.size > 0 ? { group, pool, share } : { group: whole, pool: whole.ready, share };
    });
  if (key === undefined || !isKeyed(balance.picker)) return parts;
  let left = keyTurn(key) / PARTS;
  const own = parts.find(({ share }) => {
    left -= share;
    return left < 0;
  });
  return [own ?? parts.at(-1)].filter((part) => part !== undefined).map((part) => ({ ...part, share: 1 }));
}

/** Who of one part would get how many of its calls; those `tried` get none. */
function ofPart(given: Part, asked: Look, tried: readonly Node[], now: number): Pick<Odds, 'by' | 'shares'> {
  const part = warmed(given, asked, now);
  const { group, pool } = part;
  const { policy, key } = asked;
  const { balance, hash } = policy;
  const free = pool.size - tried.length;
  if (free <= 0) return NOBODY;
  if (free === 1) return { by: 'only', shares: byWeight(pool, tried, true) };
  const picker = group.pickers.named(balance.picker);
  if (isKeyed(balance.picker) && key !== undefined) {
    const node = picker(group, pool, tried, balance, now, new R4(), key, hash);
    return node === undefined ? NOBODY : { by: 'key', shares: new Map([[node, 1]]) };
  }
  const next = picker.peek?.(pool, tried, balance, now);
  if (next !== undefined) return { by: 'turn', shares: new Map([[next, 1]]) };
  if (balance.picker !== 'p2c' && balance.picker !== 'least-request') {
    const isEven = balance.picker === 'round-robin'; // whose turn it is has yet to be drawn
    return { by: 'chance', shares: byWeight(pool, tried, isEven) };
  }
  return { by: 'better', shares: pool.size > MANY ? byWeight(pool, tried, false) : byLooks(part, asked, tried, now) };
}

/** With the weights that those have by now that came lately: the next call would give them these before it is made. */
function warmed(part: Part, { view, policy }: Look, now: number): Part {
  const { group, pool } = part;
  const weightOf = pool === group.ready ? view.weights(policy.balance.warmUp, now) : undefined;
  if (weightOf === undefined) return part;
  const ready: Pool = new WeightedSet<Node>();
  for (const node of members(pool)) ready.set(node, (pool.weightOf(node) * weightOf(node)) / node.weight);
  return { ...part, pool: ready, group: { live: group.live, ready, pickers: group.pickers } };
}

/** Asks the picker itself, often enough to know. */
function byLooks({ group, pool }: Part, { policy, key }: Asked, tried: readonly Node[], now: number): Shares {
  const { balance, hash } = policy;
  const picker = group.pickers.named(balance.picker);
  const counts = new Map<Node, number>();
  const random = new R4();
  for (let look = 0; look < LOOKS; look++) {
    random.turn();
    const node = picker(group, pool, tried, balance, now, random, key, hash);
    if (node !== undefined) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return new Map(Array.from(counts, ([node, count]) => [node, count / LOOKS]));
}

function byWeight(pool: Pool, tried: readonly Node[], even: boolean): Shares {
  const out = new Set(tried);
  const free = members(pool).filter((node) => !out.has(node));
  const weightOf = (node: Node): number => (even ? 1 : pool.weightOf(node));
  const total = free.reduce((sum, node) => sum + weightOf(node), 0);
  return new Map(free.map((node) => [node, weightOf(node) / total]));
}

/** Whose a key is, whoever is out and whatever is under way. */
function ownerOf({ group }: Part, { policy, key }: Asked, now: number): Node | undefined {
  const { live, pickers } = group;
  return pickers.named(policy.balance.picker)(group, live, [], policy.balance, now, new R4(), key, { bound: 0 });
}

const members = (pool: Pool): Node[] => Array.from({ length: pool.size }, (_, at) => pool.at(at)!);

function add(to: Map<Node, number>, more: Shares, share: number): void {
  for (const [node, own] of more) to.set(node, (to.get(node) ?? 0) + own * share);
}
