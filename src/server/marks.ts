import { FINAL_HEADER, LEAVING_HEADER } from '../wire/nack.ts';
import { ORCA_HEADER } from '../wire/orca.ts';
import { RATE_LIMIT, RATE_LIMIT_POLICY } from '../wire/rate-limit.ts';

/** What the mesh says in answers besides what answers them: true whatever is answered, and also of one that failed. */
export const MARKS: ReadonlySet<string> = new Set([
  FINAL_HEADER,
  LEAVING_HEADER,
  ORCA_HEADER,
  RATE_LIMIT,
  RATE_LIMIT_POLICY,
]);

/** Those of them that are lists: what a handler has to say of quotas of its own stands behind what the service has. */
export const LISTS: ReadonlySet<string> = new Set([RATE_LIMIT, RATE_LIMIT_POLICY]);
