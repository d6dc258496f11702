/** Methods that do no harm when sent twice (RFC 9110, section 9.2.2). */
export const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether a request says of itself that it does no harm when sent twice: by its method, or by an Idempotency-Key. */
export const isIdempotent = (method: string | undefined, headers?: Readonly<Record<string, unknown>>): boolean =>
  (method !== undefined && IDEMPOTENT.has(method)) || headers?.['idempotency-key'] !== undefined;
