import type { Call } from './call.ts';
import type { HeaderFields, Keeper } from './kept.ts';
import { abandon, discarding, headersOf, type Outcome, property } from './outcome.ts';
import { race } from './race.ts';
import type { Scope } from './scope.ts';

/** What became of a call or of its copy, and what was answered. */
export interface Compared {
  /** Whether it was good. */
  readonly outcome: Outcome['is'];
  /** What was seen: `status 503`, `ECONNREFUSED`, `deadline`. */
  readonly why: string;
  /** How long it took. */
  readonly ms: number;
  /** The HTTP status; 0 where there was no answer, or it has none. */
  readonly status: number;
  /** By lower-case name; empty where there are none. */
  readonly headers: HeaderFields;
  /**
   * What the answer says: its bytes as they came (`content-encoding` tells how) for `request`, `fetch` and axios through
   * the mesh; for other clients a copy of the text, bytes or plain data that they have read already. Nothing where it is
   * longer than 64 KiB, was not read to its end in time, or is a stream of a client of yours.
   */
  readonly body: unknown;
}

/** A call and its copy, both over. */
export interface Comparison {
  /** The service called. */
  readonly service: string;
  /** Empty where the call has none. */
  readonly route: string;
  /** The service that got the copy. */
  readonly to: string;
  /** What became of the call. */
  readonly primary: Compared;
  /** What became of the copy. */
  readonly copy: Compared;
}

/** Looks at both. What it gives back, or throws, is nobody's. */
export type Compare = (comparison: Comparison) => unknown;

const MOST = 65_536; // bytes of an answer that are compared

/**
 * What an answer says: what its client has read already, or what our own transport lets be heard while somebody reads it,
 * and where it is `forNobody`, as it comes. Never rejects. Nothing where that can not be known without reading it for its reader.
 */
export function contentOf(
  { request }: Call<unknown>,
  answer: unknown,
  status: number,
  forNobody: boolean,
): unknown | Promise<unknown> {
  const keeper = request?.keeper;
  if (keeper === undefined) return status === 0 ? copyOf(answer, MOST) : copyOf(dataOf(answer), MOST);
  if (status === 0) return undefined;
  return contentBy(keeper, answer, forNobody).catch(() => undefined); // a filter of the user's has made something else of it
}

async function contentBy(keeper: Keeper<unknown>, answer: unknown, forNobody: boolean): Promise<unknown> {
  if (forNobody) return (await keeper.gather(answer, MOST))?.content;
  return new Promise((resolve) => keeper.watch(answer, MOST, (kept) => resolve(kept?.content)));
}

/** Where clients put what they have read: axios, got and superagent. */
const dataOf = (answer: unknown): unknown => property(answer, 'data') ?? property(answer, 'body');

/** What there is to be looked at by the time that the scope ends. */
export const looked = (content: unknown, scope: Scope): Promise<unknown> =>
  content instanceof Promise ? race(content, scope).catch(() => undefined) : Promise.resolve(content);

/** Lets go of an answer whose connection may be used again; it is broken off when the scope ends before its body. */
export async function letGo(answer: unknown, scope: Scope): Promise<void> {
  const reading = discarding(answer);
  if (reading === undefined) return;
  await race(reading, scope).catch(() => abandon(answer));
}

/** What the hook is told of one of the two. */
export function comparedOf(
  { outcome, ms, answer }: { readonly outcome: Outcome; readonly ms: number; readonly answer: unknown },
  body: unknown,
): Compared {
  const headers: HeaderFields = outcome.status === 0 ? {} : headersOf(answer);
  return { outcome: outcome.is, why: outcome.why, ms, status: outcome.status, headers, body };
}

const DEEPEST = 32;

/**
 * A copy of text, bytes or plain data that is not larger than `limit`, roughly in bytes; nothing for all else, such as
 * streams. It looks at no more of it than that.
 */
export function copyOf(value: unknown, limit: number): unknown {
  const budget = { left: limit };
  try {
    return copied(value, budget, 0);
  } catch {
    return undefined; // too large, too deep, not plain, or it does not want to be looked at
  }
}

function copied(value: unknown, budget: { left: number }, depth: number): unknown {
  if (typeof value === 'string') return spend(budget, value.length) && value;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return spend(budget, 8) && value;
  if (value === undefined) return spend(budget, 8) || undefined;
  if (value instanceof Uint8Array) return spend(budget, value.byteLength) && value.slice();
  if (depth === DEEPEST) throw TOO_MUCH;
  if (Array.isArray(value)) {
    spend(budget, 8 * value.length);
    return value.map((one) => copied(one, budget, depth + 1));
  }
  const proto: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (proto !== Object.prototype && proto !== null) throw TOO_MUCH;
  const parts = Object.entries(value as object).map(([name, one]) => {
    spend(budget, name.length + 8);
    return [name, copied(one, budget, depth + 1)] as const;
  });
  return Object.fromEntries(parts);
}

/** @throws when there is no more to be spent. */
function spend(budget: { left: number }, amount: number): true {
  budget.left -= amount;
  if (budget.left < 0) throw TOO_MUCH;
  return true;
}

const TOO_MUCH = new Error('more than is looked at');
