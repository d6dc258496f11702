const LONGEST_MS = 300_000; // Envoy's and Linkerd's bound: what asks for more is not to be believed

/** Milliseconds to wait, from a `Retry-After` of seconds or of an HTTP date; undefined when it can not be read. */
export function parseRetryAfter(text: string | undefined, epoch: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Math.min(Number(trimmed) * 1_000, LONGEST_MS);
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(trimmed)) return undefined;
  const moment = Date.parse(trimmed);
  return Number.isNaN(moment) ? undefined : Math.min(Math.max(0, moment - epoch), LONGEST_MS);
}
