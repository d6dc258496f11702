import { formatDuration } from '../policy/duration.ts';

/** Whether calls pass, are refused, or one of them is trying. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** How a circuit stands, as plain JSON. */
export interface CircuitFacts {
  /** The route it is for; empty when it is for the whole service. */
  readonly route: string;
  /** `open` refuses, `half-open` lets one call try. */
  readonly state: CircuitState;
  /** Calls that came to a verdict within the window. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** Those of them that took long, as `circuit.slow` has it. */
  readonly slow: number;
  /** Milliseconds until a call may try; 0 unless it is open. Null where a breaker that was given knows, and does not say. */
  readonly triesInMs: number | null;
}

/** The same as a sentence. */
export function sayCircuit({ route, state, calls, failures, slow, triesInMs }: CircuitFacts): string {
  const what = route === '' ? 'circuit' : `circuit of ${route}`;
  const counts = `${failures} of ${calls} calls failed${slow > 0 ? `, ${slow} were slow` : ''}`;
  if (state === 'closed') return `${what} closed: ${counts}`;
  if (state === 'half-open') return `${what} half-open: one call is trying whether the service is well again`;
  if (triesInMs === null) return `${what} open: the breaker that was given says when a call may try`;
  if (triesInMs === 0) return `${what} open: the next call will try whether the service is well again`;
  return `${what} open: no calls for another ${formatDuration(triesInMs)}, ${counts}`;
}
