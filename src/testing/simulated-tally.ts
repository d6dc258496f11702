import { MeshError } from '../core/errors.ts';
import type { Answer } from './script.ts';

/** What became of one call. */
export interface SimulatedCall {
  /** When it was made: milliseconds since the simulation began. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** `200`, `503`, `ECONNREFUSED`, `deadline`. */
  readonly outcome: string;
  /** How important it was said to be. */
  readonly priority: string;
}

/** What became of the calls of a simulation. */
export class Tally {
  calls = 0;
  succeeded = 0;
  /** Calls under way. */
  open = 0;
  readonly outcomes: Record<string, number> = {};
  /** In the order in which they ended. */
  readonly ended: SimulatedCall[] = [];

  /** Counts a call by what it comes to. `now` reads the clock. */
  async count(call: Promise<unknown>, now: () => number, priority = 'default'): Promise<void> {
    const at = now();
    this.calls++;
    this.open++;
    const outcome = await call.then(
      (value) => String((value as Answer).statusCode),
      (error) => (MeshError.is(error) ? error.reason : String(error.code ?? error.name)),
    );
    this.open--;
    if (outcome === '200') this.succeeded++;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    this.ended.push({ at, ms: now() - at, outcome, priority });
  }

  /** Milliseconds that a share of the calls (0.99) took at most. */
  quantile(share: number): number {
    const sorted = this.ended.map(({ ms }) => ms).sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  }
}
