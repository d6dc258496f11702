import type { Policy } from '../policy/table.ts';
import type { Endpoint } from './endpoint.ts';

/** What a check found. */
export interface Finding {
  readonly ok: boolean;
  /** What was seen: `status 503`, `ECONNREFUSED`. */
  readonly why: string;
  /** Whether the endpoint itself says that it is not well: that needs no second look. */
  readonly atOnce: boolean;
}

/** What is to be checked, and how. */
export interface Target {
  readonly endpoint: Endpoint;
  /** The service that should answer there. */
  readonly service: string;
  readonly settings: Policy['health'];
  /** What TLS is told besides; nothing where nobody said. */
  readonly secure: Readonly<Record<string, unknown>> | undefined;
  /** Breaks the check off. */
  readonly signal: AbortSignal;
}

/** Checks once. Rejects when no answer came. */
export type Probe = (target: Target) => Promise<Finding>;
