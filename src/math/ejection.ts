/** How long ejections are, as the policy says. Milliseconds. */
export interface EjectionLimits {
  readonly ejection: number;
  readonly maxEjection: number;
  /** Time in rotation that takes one doubling back. */
  readonly forget: number;
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
  #level = 0; // doublings of the next ejection
  #until = 0;
  #since = 0; // in rotation since
  #term = 0;
  #lease = 0;
  #why = '';

  get state(): 'in' | 'out' | 'probing' {
    return this.#state;
  }

  /** When a call may try it: the end of its time out, or of the lease of the call that tries. The past when it is in. */
  get until(): number {
    return this.#until;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it is out, to end the sentence "out for another 5s …"; of the last time when it is in. */
  get why(): string {
    return this.#why;
  }

  /** Grows with every move; a verdict brings the term its call was begun in. */
  get term(): number {
    return this.#term;
  }

  /** Lets one call through to see whether it is well again. Should that never end, the next may after its lease. */
  probe(now: number): void {
    this.#until = now + this.#lease;
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
    this.#since = now;
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
    this.#decay(limits, now);
    const ms = Math.min(limits.maxEjection, limits.ejection * 2 ** this.#level) * (1 - random / 2);
    this.#level = Math.min(this.#level + 1, 30);
    this.#leave(ms, limits, now, why);
    return ms;
  }

  /** Leaves it alone for `ms`, as it asked. That is no illness: the next ejection is no longer for it. */
  rest(ms: number, limits: EjectionLimits, now: number, why: string): void {
    this.#decay(limits, now);
    this.#leave(ms, limits, now, why);
  }

  /** What was counted is reason to put it out, and it stays in all the same: the count begins anew. */
  forgive(): void {
    this.#failures = 0;
  }

  /** A probe ended without a verdict: the next call may try. */
  undecided(term: number, now: number): boolean {
    if (term !== this.#term || this.#state !== 'probing') return false;
    this.#until = now;
    this.#move('out');
    return true;
  }

  #decay({ forget }: EjectionLimits, now: number): void {
    if (this.#state === 'in') this.#level = Math.max(0, this.#level - Math.floor((now - this.#since) / forget));
  }

  #leave(ms: number, { ejection }: EjectionLimits, now: number, why: string): void {
    this.#until = now + ms;
    this.#lease = ejection;
    this.#why = why;
    this.#move('out');
  }

  #move(state: 'in' | 'out' | 'probing'): void {
    this.#state = state;
    this.#term++;
  }
}
