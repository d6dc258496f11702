import type { Context } from '../core/context.ts';
import type { Node } from '../core/node.ts';
import type { Random } from '../core/random.ts';
import { hasRoom } from '../core/room.ts';
import type { Policy } from '../policy/table.ts';
import { isPanic, pick } from './pick.ts';
import type { Pool } from './picker.ts';
import type { View } from './view.ts';

/** Picks a node that has room, after one was picked that has none. Undefined when all of those in rotation are full. */
export function pickWithRoom(
  view: View,
  { policy, history, key }: Context,
  now: number,
  random: Random,
): Node | undefined {
  const { tried, priority } = history;
  const pool = poolOf(view, policy);
  const full: Node[] = [];
  let free: Node | undefined;
  let fresh: Node | undefined;
  for (let at = 0; at < pool.size; at++) {
    const node = pool.at(at)!;
    if (!hasRoom(node, policy.limit, priority)) full.push(node);
    else if (tried.includes(node)) free = node;
    else fresh = node;
  }
  const other = fresh ?? free;
  if (other === undefined) return undefined;
  const node = pick(
    view,
    fresh === undefined ? full : [...tried, ...full],
    policy.balance,
    now,
    random,
    key,
    policy.hash,
  );
  if (node === undefined || !hasRoom(node, policy.limit, priority)) return other;
  // One that is out of rotation is not asked because the others are busy, but because it is to be tried.
  return pool.has(node) || node.ejection.state === 'probing' ? node : other;
}

/** Whether so many more attempts find room. Who has no endpoints at all is not full. */
export function isRoomFor(attempts: number, view: View, { policy, history }: Context): boolean {
  const pool = poolOf(view, policy);
  let found = pool.size === 0 ? attempts : 0;
  for (let at = 0; at < pool.size && found < attempts; at++) {
    if (hasRoom(pool.at(at)!, policy.limit, history.priority)) found++;
  }
  return found >= attempts;
}

/** Whether there is somebody else for such a call than those `tried`: in rotation, unless health is ignored. */
export function isOther(view: View, policy: Policy, tried: readonly Node[]): boolean {
  const pool = poolOf(view, policy);
  for (let at = 0; at < pool.size && at <= tried.length; at++) if (!tried.includes(pool.at(at)!)) return true;
  return false;
}

/** Whether there are two to choose from. */
export const isSecond = (view: View, policy: Policy): boolean => poolOf(view, policy).size > 1;

const poolOf = ({ whole }: View, { balance }: Policy): Pool => (isPanic(whole, balance) ? whole.live : whole.ready);
