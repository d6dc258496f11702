import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Figures } from './messages.ts';

const TICK_MS = 5;
const LONGEST_TURN_MS = 20; // where the machine stood still, nobody has called meanwhile

/** Calls at a steady pace, whether or not the ones before were answered, as customers do. Keeps count by phase. */
export class Load {
  readonly #call: () => Promise<unknown>;
  readonly #callsPerSecond: number;
  readonly #phases: Tally[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;

  constructor(callsPerSecond: number, call: () => Promise<unknown>) {
    this.#callsPerSecond = callsPerSecond;
    this.#call = call;
  }

  /** Loads what the first calls load, and makes connections: that is not what is to be compared. Counts nothing. */
  async warmUp(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 6 }, () => this.#call().catch(() => {})));
    }
  }

  /** Calls that begin from now on count in this phase. The first phase begins the calls. */
  enter(phase: number): void {
    this.#phases[phase] = new Tally();
    if (this.#timer !== undefined) return;
    let [made, due, last] = [0, 0, performance.now()];
    this.#timer = setInterval(() => {
      const now = performance.now();
      due += (Math.min(now - last, LONGEST_TURN_MS) / 1_000) * this.#callsPerSecond;
      last = now;
      for (; made < due; made++) void this.#make(this.#phases.at(-1)!);
    }, TICK_MS);
  }

  /** Makes no more calls, and waits for those under way. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  get phases(): Figures[] {
    return this.#phases.map((tally) => tally.figures);
  }

  get total(): Figures {
    const sum = new Tally();
    for (const tally of this.#phases) sum.add(tally);
    return sum.figures;
  }

  async #make(tally: Tally): Promise<void> {
    const begun = performance.now();
    this.#underWay++;
    tally.calls++;
    try {
      await this.#call();
      tally.answered.record(Math.max(1, Math.round((performance.now() - begun) * 1_000)));
    } catch {
      tally.failed++;
    }
    if (--this.#underWay === 0) this.#idle?.();
  }
}

class Tally {
  readonly answered: RecordableHistogram = createHistogram(); // microseconds
  calls = 0;
  failed = 0;

  add(other: Tally): void {
    this.answered.add(other.answered);
    this.calls += other.calls;
    this.failed += other.failed;
  }

  get figures(): Figures {
    const { calls, failed, answered } = this;
    const at = (percent: number): number => answered.percentile(percent) / 1_000;
    return { calls, failed, p50: at(50), p90: at(90), p99: at(99) };
  }
}
