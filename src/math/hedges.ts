import { RollingQuantile } from './quantile.ts';
import { Ration } from './ration.ts';

const LATENCIES_MS = 30_000;
const BUDGET_MS = 10_000;
const REFRESH_MS = 250; // reading a quantile costs as much as a whole call
const TAIL = 2; // answers that there must be beyond the quantile, before it says anything

/** The numbers of hedging, as the policy gives them. */
export interface HedgeLimits {
  readonly mode: 'off' | 'quantile' | 'delay' | 'fork';
  readonly quantile: number;
  /** Milliseconds. */
  readonly delay: number;
}

/** When a request to a service is sent a second time, as plain JSON. */
export interface HedgeFacts {
  /** How long an answer may take until then; null while too little is known. */
  readonly afterMs: number | null;
  /** Answers that this was learnt from; 0 where the time is fixed. */
  readonly answers: number;
}

/** What hedging remembers of one service: how long its answers took of late, and what it has spent. */
export class Hedges {
  readonly #ration = new Ration(BUDGET_MS);
  #latencies: RollingQuantile | undefined;
  #delay: number | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #readFor = 0;

  /** A request is sent that may be hedged. */
  count(now: number): void {
    this.#ration.count(now);
  }

  /** Whether one more may be, and then it is. */
  take(budget: number, now: number): boolean {
    return this.#ration.take(budget, now);
  }

  /** An answer took so long; or would have, had it not been called off. */
  learn({ mode }: HedgeLimits, ms: number, now: number): void {
    if (mode !== 'quantile') return;
    this.#latencies ??= new RollingQuantile(LATENCIES_MS);
    this.#latencies.observe(ms, now);
  }

  /** Milliseconds until a request is sent a second time; undefined while too little is known to say. */
  delay({ mode, quantile, delay }: HedgeLimits, now: number): number | undefined {
    if (mode === 'delay') return delay;
    if (mode === 'fork') return 0;
    if (this.#readFor !== quantile || now >= this.#readAt + REFRESH_MS) {
      this.#delay = this.#read(quantile, now);
      this.#readAt = now;
      this.#readFor = quantile;
    }
    return this.#delay === undefined ? undefined : Math.max(delay, this.#delay);
  }

  #read(quantile: number, now: number): number | undefined {
    const count = this.#latencies?.count(now) ?? 0;
    return count * (1 - quantile) < TAIL ? undefined : this.#latencies!.read(quantile, now);
  }

  /** How things stand, for who only looks: what calls go by is not read anew for it. Nothing where the policy hedges nothing. */
  facts(limits: HedgeLimits, now: number): HedgeFacts | undefined {
    const { mode, delay, quantile } = limits;
    if (mode === 'off') return undefined;
    if (mode !== 'quantile') return { afterMs: this.delay(limits, now) ?? null, answers: 0 };
    const isFresh = this.#readFor === quantile && now < this.#readAt + REFRESH_MS;
    const read = isFresh ? this.#delay : this.#read(quantile, now);
    return { afterMs: read === undefined ? null : Math.max(delay, read), answers: this.#latencies?.count(now) ?? 0 };
  }
}
