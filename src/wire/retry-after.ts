import { parseHttpDate } from './http-date.ts';

const LONGEST_MS = 300_000; // Envoy's and Linkerd's bound: what asks for more is not to be believed

/**
 * How long an answer asks to wait, in the words of `Retry-After`: from that, from `retry-after-ms`, which is finer, or from
 * `x-ratelimit-reset`, in seconds or as the second since 1970. `header` gives a header of the answer by its name.
 */
export function retryAfterIn(header: (name: string) => string | undefined): string | undefined {
  const ms = header('retry-after-ms')?.trim();
  if (ms !== undefined && /^\d{1,9}$/.test(ms)) return `${ms}ms`;
  const told = header('retry-after');
  if (told !== undefined) return told;
  const reset = header('x-ratelimit-reset')?.trim();
  if (reset === undefined || !/^\d{1,10}$/.test(reset)) return undefined;
  return Number(reset) < FIRST_MOMENT_S ? reset : new Date(Number(reset) * 1_000).toUTCString();
}

const FIRST_MOMENT_S = 1_000_000_000; // in 2001: nobody asks to wait so long, and nobody asks to wait until then

/**
 * Milliseconds to wait, from a `Retry-After` of seconds or of an HTTP date, or from `1500ms`; undefined when it can not be
 * read.
 */
export function parseRetryAfter(text: string | undefined, epoch: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Math.min(Number(trimmed) * 1_000, LONGEST_MS);
  if (/^\d{1,9}ms$/.test(trimmed)) return Math.min(Number(trimmed.slice(0, -2)), LONGEST_MS);
  const moment = parseHttpDate(trimmed);
  return moment === undefined ? undefined : Math.min(Math.max(0, moment - epoch), LONGEST_MS);
}
