import { parseRetryAfter } from './retry-after.ts';

// How much is left of a quota, as servers say it: RateLimit and RateLimit-Policy of the IETF's draft (structured fields,
// RFC 9651), what earlier drafts had in their place, X-RateLimit-* of before, and Retry-After, which wins over all.

/** How much is left, and what there is to go by: the fields of the IETF's draft. */
export const RATE_LIMIT = 'ratelimit';
export const RATE_LIMIT_POLICY = 'ratelimit-policy';

/** What a server says is left of a quota. */
export interface QuotaLeft {
  /** How much may still be asked for. */
  readonly left: number;
  /** Until when, in milliseconds from now; 0 where it did not say. */
  readonly resetMs: number;
}

/** Reads one header of an answer, by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

const MOST = 1_024; // characters of a field that are looked at; nobody has so many quotas
const LONGEST_MS = 24 * 3_600_000; // what is further away is rather a mistake
const EPOCH_FROM = 1_000_000_000; // X-RateLimit-Reset says seconds or a moment; no quota lasts thirty years

/**
 * What is left, as an answer says it; undefined where it says nothing that can be read. Of several quotas the one that is
 * used up first counts.
 */
export function readQuotaLeft(header: HeaderReader, status: number, epoch: number): QuotaLeft | undefined {
  const retryAfter = status === 429 ? parseRetryAfter(header('retry-after'), epoch) : undefined;
  if (retryAfter !== undefined) return within(0, retryAfter);
  const standard = header(RATE_LIMIT);
  if (standard !== undefined) return parseRateLimit(standard) ?? parseDictionary(standard);
  return (
    parseOlder(header('ratelimit-remaining'), header('ratelimit-reset'), epoch) ??
    parseOlder(header('x-ratelimit-remaining'), header('x-ratelimit-reset'), epoch)
  );
}

/** Reads a `RateLimit` field, such as `"default";r=50;t=30`. */
export function parseRateLimit(field: string): QuotaLeft | undefined {
  if (field.length > MOST) return undefined;
  let tightest: QuotaLeft | undefined;
  for (const item of itemsOf(field)) {
    const left = item.get('r');
    if (left === undefined) continue;
    const read = within(left, (item.get('t') ?? 0) * 1_000);
    if (read !== undefined && (tightest === undefined || share(read) < share(tightest))) tightest = read;
  }
  return tightest;
}

/** Writes a `RateLimit` field: how much is left, and the whole seconds until all of it is. */
export const formatRateLimit = (name: string, left: number, resetMs: number): string =>
  `"${name}";r=${Math.max(0, Math.floor(left))};t=${Math.ceil(Math.max(0, resetMs) / 1_000)}`;

/** Writes a `RateLimit-Policy` field: how much within how many seconds, at least one. */
export function formatRateLimitPolicy(name: string, count: number, periodMs: number): string {
  const seconds = Math.max(1, Math.ceil(periodMs / 1_000));
  return `"${name}";q=${Math.max(1, Math.floor((count * seconds * 1_000) / periodMs))};w=${seconds}`;
}

const share = ({ left, resetMs }: QuotaLeft): number => left / Math.max(1, resetMs);

function within(left: number, resetMs: number): QuotaLeft | undefined {
  return resetMs > LONGEST_MS ? undefined : { left, resetMs };
}

/** `limit=100, remaining=50, reset=50`, as the seventh draft had it and express-rate-limit still can. */
function parseDictionary(field: string): QuotaLeft | undefined {
  if (field.length > MOST) return undefined;
  const number = (name: string): string | undefined =>
    new RegExp(`(?:^|,)[ \\t]*${name}=(\\d{1,15})(?=[ \\t]*(?:,|$))`).exec(field)?.[1];
  const [left, reset] = [number('remaining'), number('reset')];
  return left === undefined || reset === undefined ? undefined : within(Number(left), Number(reset) * 1_000);
}

/** `10, 10;w=1` of older drafts says first what counts. */
function parseOlder(remaining: string | undefined, reset: string | undefined, epoch: number): QuotaLeft | undefined {
  const [left, at] = [firstNumber(remaining), firstNumber(reset)];
  if (left === undefined || at === undefined) return undefined;
  return within(left, at >= EPOCH_FROM ? Math.max(0, at * 1_000 - epoch) : at * 1_000);
}

function firstNumber(field: string | undefined): number | undefined {
  const digits = /^ *(\d{1,15}) *(?:[,;]|$)/.exec(field?.slice(0, MOST) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const ITEM = /[ \t]*(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[A-Za-z*][\w:/!#$%&'*+.^`|~-]*)/y;
const PARAMETER =
  /;[ ]*([a-z*][a-z0-9_.*-]*)(?:=(?:(-?\d{1,15})(?![\d.])|-?\d{1,12}\.\d{1,3}|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[A-Za-z*][\w:/!#$%&'*+.^`|~-]*|:[A-Za-z0-9+/=]*:|\?[01]))?/y;
const COMMA = /[ \t]*,[ \t]*(?=.)|[ \t]*$/y;

/** The whole numbers of each item of a structured list; none at all where any of it is not well-formed. */
function itemsOf(field: string): readonly ReadonlyMap<string, number>[] {
  const items: Map<string, number>[] = [];
  let at = 0;
  const next = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at;
    const found = form.exec(field);
    if (found !== null) at = form.lastIndex;
    return found;
  };
  while (at < field.length) {
    if (next(ITEM) === null) return [];
    const numbers = new Map<string, number>();
    for (let found = next(PARAMETER); found !== null; found = next(PARAMETER)) {
      const [, name = '', digits] = found;
      numbers.delete(name); // of two, the last counts
      if (digits !== undefined && Number(digits) >= 0) numbers.set(name, Number(digits));
    }
    items.push(numbers);
    if (next(COMMA) === null) return [];
  }
  return items;
}
