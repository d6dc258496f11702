/** The numbers of outlier detection, as the policy gives them. */
export interface EjectionLimits {
  /** Failures in a row until ejection; 0 never ejects. */
  readonly failures: number;
  readonly ejection: number;
  readonly maxEjection: number;
  /** Milliseconds in rotation that take one doubling back. */
  readonly forget: number;
}

/**
 * Whether one endpoint is in rotation: consecutive failures, as Envoy and Linkerd count them.
 *
 *      in ──failures──▶ out ──time is up──▶ probing ──success──▶ in
 *                        ▲                     │
 *                        └──────failure────────┘   each time for longer
 *
 * A verdict counts only in the term it was begun in, so that an answer from before a move moves nothing.
 */
export class Ejection {
  #state: 'in' | 'out' | 'probing' = 'in';
  #failures = 0;
  #level = 0; // doublings of the next ejection
  #until = 0;
  #since = 0; // in rotation since
  #term = 0;

  get state(): 'in' | 'out' | 'probing' {
    return this.#state;
  }

  /** When it may be tried again; the past unless it is out. */
  get until(): number {
    return this.#until;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Grows with every move; a verdict brings the term its call was begun in. */
  get term(): number {
    return this.#term;
  }

  /** Lets one call through to see whether it is well again. */
  probe(): void {
    this.#move('probing');
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

  /** A call failed. Says for how many milliseconds that puts it out; 0 when it does not. `random` is from 0 to 1. */
  failed(term: number, limits: EjectionLimits, now: number, random: number): number {
    if (term !== this.#term || this.#state === 'out') return 0;
    this.#failures++;
    if (limits.failures === 0) return this.#excuse(now);
    if (this.#state === 'in') {
      if (this.#failures < limits.failures) return 0;
      this.#level = Math.max(0, this.#level - Math.floor((now - this.#since) / limits.forget));
    }
    const ms = Math.min(limits.maxEjection, limits.ejection * 2 ** this.#level) * (1 - random / 2);
    this.#level = Math.min(this.#level + 1, 30);
    this.#until = now + ms;
    this.#move('out');
    return ms;
  }

  /** A probe ended without a verdict: the next call may try. */
  undecided(term: number, now: number): boolean {
    if (term !== this.#term || this.#state !== 'probing') return false;
    this.#until = now;
    this.#move('out');
    return true;
  }

  /** Nothing is put out any more: a policy that came while it probed has switched it off. */
  #excuse(now: number): 0 {
    if (this.#state === 'probing') this.succeeded(this.#term, now);
    return 0;
  }

  #move(state: 'in' | 'out' | 'probing'): void {
    this.#state = state;
    this.#term++;
  }
}
