import type { Endpoint } from './endpoint.ts';

/** What is known about where a service lives. Always the whole truth, never a difference. */
export type Resolution =
  /** Nothing is known yet; where something stands in the way of knowing, what it is. */
  | { readonly is: 'pending'; readonly error?: unknown }
  | { readonly is: 'bound'; readonly endpoints: readonly Endpoint[] }
  /** The registry is away; the last good list stands. */
  | { readonly is: 'stale'; readonly endpoints: readonly Endpoint[]; readonly error: unknown }
  /** The registry is there, and has never heard of the service. */
  | { readonly is: 'unknown' };
