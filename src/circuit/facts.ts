/** Whether calls pass, are refused, or one of them is trying. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** How a circuit stands, as plain JSON. */
export interface CircuitFacts {
  /** The route it is for; empty when it is for the whole service. */
  readonly route: string;
  readonly state: CircuitState;
  /** Calls that came to a verdict within the window. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** Milliseconds until a call may try; 0 unless it is open. */
  readonly triesInMs: number;
}
