import type { Call } from '../core/call.ts';
import { callHeader } from '../core/call-header.ts';
import type { HeaderFields } from '../core/kept.ts';
import { type CacheControl, parseCacheControl } from '../wire/cache-control.ts';
import { parseHttpDate } from '../wire/http-date.ts';
import { isIdle } from './request-key.ts';

/** For how long an answer is good, in milliseconds from when it came. */
export interface Lifetime {
  /** Its age when it came. */
  readonly age: number;
  /** Until then it can be given without asking. */
  readonly fresh: number;
  /** Until then it can be given while a newer one is asked for. */
  readonly revalidate: number;
  /** Until then it can be given where asking failed. */
  readonly usable: number;
}

const GOOD = new Set([200, 203, 204]);
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * For how long an answer is good; nothing when it must not be kept. RFC 9111 for a cache that many share, and RFC 5861;
 * where the answer says nothing of errors, it is usable for `staleMs` after it was fresh.
 */
export function lifetimeOf(
  call: Call<unknown>,
  status: number,
  headers: HeaderFields,
  staleMs: number,
  epoch: number,
): Lifetime | undefined {
  const control = parseCacheControl(textOf(headers['cache-control']));
  if (!GOOD.has(status) || control.noStore || control.private || asked(call).noStore) return undefined;
  if (headers['set-cookie'] !== undefined || callHeader(call, 'range') !== undefined) return undefined;
  if (!control.public && CREDENTIALS.some((name) => callHeader(call, name) !== undefined)) return undefined;
  const vary = textOf(headers.vary)
    .toLowerCase()
    .split(/[\s,]+/);
  if (vary.some((name) => name === '*' || isIdle(name))) return undefined; // the key says nothing of those
  const age = ageOf(headers);
  const fresh = control.noCache ? 0 : Math.max(0, freshnessOf(control, headers, epoch) - age);
  const strict = control.noCache || control.mustRevalidate;
  // A time for shared caches alone lets nobody give what is older, unless the answer says that too.
  const usual = control.sharedMaxAge === undefined ? staleMs : 0;
  return {
    age,
    fresh,
    revalidate: fresh + (strict ? 0 : (control.staleWhileRevalidate ?? 0)),
    usable: fresh + (strict ? 0 : (control.staleIfError ?? usual)),
  };
}

/** What the request says of answers that were kept: it may want none, or only what is new. */
export function asked(call: Call<unknown>): { readonly noStore: boolean; readonly anew: boolean } {
  const text = callHeader(call, 'cache-control');
  if (text === undefined) return callHeader(call, 'pragma') === undefined ? ANY : ANEW;
  const { noStore, noCache, maxAge } = parseCacheControl(text);
  return { noStore, anew: noStore || noCache || maxAge === 0 };
}

const ANY = { noStore: false, anew: false };
const ANEW = { noStore: false, anew: true };

function freshnessOf({ sharedMaxAge, maxAge }: CacheControl, { expires, date }: HeaderFields, epoch: number): number {
  const said = sharedMaxAge ?? maxAge;
  if (said !== undefined) return said;
  if (expires === undefined) return 0;
  const until = parseHttpDate(textOf(expires));
  return until === undefined ? 0 : until - (parseHttpDate(textOf(date)) ?? epoch);
}

function ageOf({ age }: HeaderFields): number {
  const text = textOf(age);
  return /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : 0;
}

const textOf = (value: string | readonly string[] | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : value.join(', ');
