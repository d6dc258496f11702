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

/** What happened in one stretch of a simulation. */
export interface SimulatedStretch {
  /** When it began: milliseconds since the simulation did. */
  readonly at: number;
  /** Calls made in it. */
  readonly made: number;
  /** Calls that ended in it. */
  readonly ended: number;
  /** Those of them whose answer was a 200. */
  readonly succeeded: number;
  /** Milliseconds that half of those that ended took at most; 0 where none ended. */
  readonly p50: number;
  /** Milliseconds that 99 of 100 of those that ended took at most; 0 where none ended. */
  readonly p99: number;
  /** Attempts sent to each server, in the order in which these came. */
  readonly asked: readonly number[];
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
  #sorted: Float64Array = new Float64Array(); // how long they took, as far as anybody asked

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
    if (this.#sorted.length !== this.ended.length) this.#sorted = sortedMs(this.ended);
    return quantile(this.#sorted, share);
  }

  /** All of it in stretches of `everyMs`; `attempts` are those sent, each to the server at a place of so many. */
  timeline(everyMs: number, attempts: readonly Sent[], servers: number): SimulatedStretch[] {
    const stretches: Stretch[] = [];
    const of = (at: number): Stretch => {
      const place = Math.floor(at / everyMs);
      while (stretches.length <= place) stretches.push({ made: 0, ended: [], asked: new Array(servers).fill(0) });
      return stretches[place]!;
    };
    for (const call of this.ended) {
      of(call.at).made++;
      of(call.at + call.ms).ended.push(call);
    }
    for (const { at, place } of attempts) of(at).asked[place]!++;
    return stretches.map(({ made, ended, asked }, place) => {
      const sorted = sortedMs(ended);
      const succeeded = ended.filter(({ outcome }) => outcome === '200').length;
      const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
      return { at: place * everyMs, made, ended: ended.length, succeeded, p50, p99, asked };
    });
  }
}

interface Sent {
  readonly at: number;
  readonly place: number;
}

interface Stretch {
  made: number;
  readonly ended: SimulatedCall[];
  readonly asked: number[];
}

const sortedMs = (calls: readonly SimulatedCall[]): Float64Array => Float64Array.from(calls, ({ ms }) => ms).sort();

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
