import { RollingSum } from './rolling-sum.ts';

/** How far back a success rate looks. */
export const WINDOW_MS = 10_000;

/** Calls that came to a verdict, and those of them that failed. */
export interface Tally {
  readonly calls: number;
  readonly failures: number;
}

const EMPTY: Tally = Object.freeze({ calls: 0, failures: 0 });

/**
 * What became of the calls of one endpoint: within the last ten seconds, to a tenth of them, as Linkerd counts; and since
 * the fleet was last judged, as gRPC does (gRFC A50). The caller brings the time.
 */
export class Verdicts {
  #calls = new RollingSum(WINDOW_MS);
  #failures = new RollingSum(WINDOW_MS);
  #since: { calls: number; failures: number } = { calls: 0, failures: 0 };

  add(failed: boolean, now: number): void {
    this.#calls.add(1, now);
    if (failed) this.#failures.add(1, now);
  }

  /** The same for the next judgement of the fleet, which may count other calls. */
  addToFleet(failed: boolean): void {
    this.#since.calls++;
    if (failed) this.#since.failures++;
  }

  /** Of the last ten seconds. */
  recent(now: number): Tally {
    return { calls: this.#calls.sum(now), failures: this.#failures.sum(now) };
  }

  /** Since this was last asked: counting for the fleet begins anew. */
  take(): Tally {
    if (this.#since.calls === 0) return EMPTY;
    const taken = this.#since;
    this.#since = { calls: 0, failures: 0 };
    return taken;
  }

  /** Forgets the last ten seconds: what was judged by them is not judged by them again. */
  clear(): void {
    this.#calls = new RollingSum(WINDOW_MS);
    this.#failures = new RollingSum(WINDOW_MS);
  }
}
