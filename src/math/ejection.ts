/** How long ejections are, as the policy says. Milliseconds. */
export interface EjectionLimits {
  readonly ejection: number;
  readonly maxEjection: number;
  /** Time in rotation that takes one doubling back. */
  readonly forget: number;
}

/** What is remembered of one that was out of rotation. */
interface Past {
  /** Doublings of the next ejection. */
  level: number;
  until: number;
  /** In rotation since. */
  since: number;
  lease: number;
  why: string;
}

/**
 * Whether one endpoint is in rotation. Failures in a row are counted as Envoy and Linkerd do; others may judge, too.
 *
 *      in ──failures──▶ out ──time is up──▶ probing ──success──▶ in
 *                        ▲                     │
 *                        └──────failure────────┘   each time for longer
 *
 * A verdict counts only in the term it was begun in, so that an answer from before a move moves nothing. One call tries
 * at a time, and has a lease: when that is up another may, and whichever comes to a verdict first decides.
 */
export class Ejection {
  #state: 'in' | 'out' | 'probing' = 'in';
  #failures = 0;
  #term = 0;
  #past: Past | undefined; // of most endpoints there is none, and there may be thousands

  get state(): 'in' | 'out' | 'probing' {
    return this.#state;
  }

  /** When a call may try it: the end of its time out, or of the lease of the call that tries. The past when it is in. */
  get until(): number {
    return this.#past?.until ?? 0;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it is out, to end the sentence "out for another 5s …"; of the last time when it is in. */
  get why(): string {
    return this.#past?.why ?? '';
  }

  /** Grows with every move; a verdict brings the term its call was begun in. */
  get term(): number {
    return this.#term;
  }

  /** Lets one call through to see whether it is well again. Should that never end, the next may after its lease. */
  probe(now: number): void {
    const past = this.#remember();
    past.until = now + past.lease;
    if (this.#state !== 'probing') this.#move('probing');
  }

  /**
   * A call came to a good end. Says whether that brought it back. One that was sent while it is out (panic) does not: of
   * an endpoint that fails half of its answers, every other call would.
   */
  succeeded(term: number, now: number): boolean {
    if (term !== this.#term || this.#state === 'out') return false;
    this.#failures = 0;
    if (this.#state === 'in') return false;
    this.#remember().since = now;
    this.#move('in');
    return true;
  }

  /** A call failed. Says whether that is reason to put it out: `most` in a row are (0: never), and a failed probe is. */
  failed(term: number, most: number): boolean {
    if (term !== this.#term || this.#state === 'out') return false;
    this.#failures++;
    return this.#state === 'probing' || (most > 0 && this.#failures >= most);
  }

  /** Puts it out, for longer each time. Says for how many milliseconds. `random` is from 0 to 1. */
  eject(limits: EjectionLimits, now: number, random: number, why: string): number {
    const past = this.#decayed(limits, now);
    const ms = Math.min(limits.maxEjection, limits.ejection * 2 ** past.level) * (1 - random / 2);
    past.level = Math.min(past.level + 1, 30);
    this.#leave(ms, limits, now, why);
    return ms;
  }

  /** Leaves it alone for `ms`, as it asked. That is no illness: the next ejection is no longer for it. */
  rest(ms: number, limits: EjectionLimits, now: number, why: string): void {
    this.#decayed(limits, now);
    this.#leave(ms, limits, now, why);
  }

  /** What was counted is reason to put it out, and it stays in all the same: the count begins anew. */
  forgive(): void {
    this.#failures = 0;
  }

  /** A probe ended without a verdict: the next call may try. */
  undecided(term: number, now: number): boolean {
    if (term !== this.#term || this.#state !== 'probing') return false;
    this.#remember().until = now;
    this.#move('out');
    return true;
  }

  #remember(): Past {
    this.#past ??= { level: 0, until: 0, since: 0, lease: 0, why: '' };
    return this.#past;
  }

  #decayed({ forget }: EjectionLimits, now: number): Past {
    const past = this.#remember();
    if (this.#state === 'in') past.level = Math.max(0, past.level - Math.floor(Math.max(0, now - past.since) / forget));
    return past;
  }

  #leave(ms: number, { ejection }: EjectionLimits, now: number, why: string): void {
    Object.assign(this.#remember(), { until: now + ms, lease: ejection, why });
    this.#move('out');
  }

  #move(state: 'in' | 'out' | 'probing'): void {
    this.#state = state;
    this.#term++;
  }
}
