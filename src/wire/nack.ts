/** Stands in an answer of 503 by which a server says that it did nothing and that another may be asked. Finagle's. */
export const NACK_HEADER = 'finagle-http-nack';

/**
 * Stands in a failing answer of a server that has tried again itself what it called, as often as it may: who called it
 * should not, or retries would multiply over hops. Finagle's.
 */
export const FINAL_HEADER = 'finagle-http-nonretryable-nack';

/** All that say of a failing answer that asking again is no use; Envoy heeds the others, too. */
export const FINAL_HEADERS = [FINAL_HEADER, 'x-envoy-overloaded', 'x-envoy-ratelimited'] as const;

/** Stands in an answer of a server that is going: it is to be taken for unhealthy at once. Envoy's. */
export const LEAVING_HEADER = 'x-envoy-immediate-health-check-fail';

/** Says in the answer to a health check which service it is that answers: an address may have got another. Envoy's. */
export const HEALTHCHECKED_HEADER = 'x-envoy-upstream-healthchecked-cluster';

/** Stands in a question of ours whether a request may come in: who is asked asks nobody else, or two would ask for ever. */
export const CHECK_HEADER = 'x-inmesh-check';

/** Stands in what a call came to that nobody answered, and says where it is from: see `fallback`. */
export const FALLBACK_HEADER = 'inmesh-fallback';
