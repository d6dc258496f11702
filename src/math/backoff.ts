/**
 * Milliseconds to wait before retry number `retry` (1 is the first): random from 0 to `baseMs` doubled for each retry
 * before it, and never more than `maxMs`. Full jitter, as in Envoy's JitteredExponentialBackOffStrategy.
 */
export function backoff(baseMs: number, maxMs: number, retry: number, random: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(retry - 1, 30)) * random;
}
