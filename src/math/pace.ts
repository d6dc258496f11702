const AT_ONCE = 0.1; // of the time that is left may be gone ahead of, so that a few at once need not wait

const BLOCKED_MS = 300_000; // Envoy's bound for Retry-After: who asks for more is asked again, in case it was a mistake

/**
 * How fast to go when somebody says how much is left, and for how long. Each that goes gets a moment of its own, evenly
 * spread. What they said is some time ago: what is under way, they may not have counted.
 */
export class Pace {
  #until = Number.NEGATIVE_INFINITY;
  #left = Number.POSITIVE_INFINITY; // that nobody has been promised
  #next = Number.NEGATIVE_INFINITY; // the first moment that is free
  #spacing = 0;
  #usual = 0; // the spacing of a whole window, for those whose moment comes after this one
  #waiting = 0;
  #underWay = 0;

  /** They say what is left, and that it has to last for `resetMs`. */
  learn(left: number, resetMs: number, now: number): void {
    const isNew = now >= this.#until;
    this.#left = left - this.#underWay - this.#waiting;
    this.#until = now + (this.#left < 1 ? Math.min(resetMs, BLOCKED_MS) : resetMs);
    const from = Math.max(now, this.#next);
    if (this.#left < 1) this.#next = Math.max(from, this.#until);
    else this.#spacing = Math.max(0, this.#until - from) / this.#left;
    if (isNew && this.#left >= 1) this.#usual = this.#spacing;
  }

  /** Milliseconds until one more may go: until more is left, or, where it is to be `spread`, until its turn. */
  wait(spread: boolean, now: number): number {
    const lasts = this.#until - now;
    if (lasts <= 0) return 0;
    if (this.#left < 1) return spread ? Math.max(lasts, this.#next - now) : lasts;
    return spread ? Math.max(0, this.#next - now - lasts * AT_ONCE) : 0;
  }

  /** One more is promised its turn. Then it goes, or is dropped. */
  promise(now: number): void {
    this.#waiting++;
    if (now >= this.#until) return;
    this.#left--;
    const from = Math.max(now, this.#next);
    this.#next = from + (from < this.#until ? this.#spacing : this.#usual);
    if (this.#left < 1) this.#next = Math.max(this.#next, this.#until);
  }

  /** One that was promised its turn goes. To be ended. */
  go(): void {
    this.#waiting--;
    this.#underWay++;
  }

  /** One that was promised its turn will not go. */
  drop(): void {
    this.#waiting--;
  }

  /** One has come back, so they have counted it. */
  end(): void {
    this.#underWay--;
  }
}
