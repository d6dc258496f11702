import { EventEmitter } from 'node:events';
import Opossum from 'opossum';
import { RollingSum } from '../math/rolling-sum.ts';

/** What opossum asks of its window when it decides. */
export interface Counts {
  /** Calls that came to a verdict. */
  readonly fires: number;
  readonly failures: number;
}

/** Opossum's own keeper of counts: it believes only a descendant of that. */
interface Status {
  increment(property: string): void;
  shutdown(): void;
}

// Told by a controller that never speaks, it starts no timer to turn its own buckets, which nothing fills.
const silent = () => ({
  rotateBucketController: new EventEmitter(),
  enableSnapshots: false,
  rollingPercentilesEnabled: false,
});
const StatusOfOpossum = Opossum.newStatus(silent()).constructor as new (options: object) => Status;

/**
 * What an opossum breaker knows of the last while. Opossum's own adds up and sorts every latency of its window on each
 * failure, keeps them all, and turns by a timer; this adds two numbers, and turns when it is looked at. The caller
 * brings the time, in `now`.
 */
export class Window extends StatusOfOpossum {
  /** The moment, on the mesh's clock; to be set before the breaker is told anything. */
  now: number;
  readonly lengthMs: number;
  readonly #fires: RollingSum;
  readonly #failures: RollingSum;
  readonly #slow: RollingSum;

  constructor(lengthMs: number, now: number) {
    super(silent());
    this.now = now;
    this.lengthMs = lengthMs;
    this.#fires = new RollingSum(lengthMs);
    this.#failures = new RollingSum(lengthMs);
    this.#slow = new RollingSum(lengthMs);
  }

  override increment(property: string): void {
    if (property === 'fires') this.#fires.add(1, this.now);
    else if (property === 'failures') this.#failures.add(1, this.now);
  }

  get stats(): Counts {
    return { fires: this.#fires.sum(this.now), failures: this.#failures.sum(this.now) };
  }

  /** A call took long, whatever came of it. */
  addSlow(): void {
    this.#slow.add(1, this.now);
  }

  /** Calls that took long, of which opossum knows nothing. */
  get slow(): number {
    return this.#slow.sum(this.now);
  }

  /** A window of another length that begins with what this one holds, as if all of it were of this moment. */
  resize(lengthMs: number, now: number): Window {
    this.now = now;
    const { stats, slow } = this;
    const other = new Window(lengthMs, now);
    other.#fires.add(stats.fires, now);
    other.#failures.add(stats.failures, now);
    other.#slow.add(slow, now);
    return other;
  }
}
