const SLICES = 10;

/** What was added in the last while, to a tenth of it. The caller brings the time. */
export class RollingSum {
  readonly #slices = new Float64Array(SLICES);
  readonly #sliceMs: number;
  #slice = 0; // the number of the newest slice since time began
  #sum = 0;

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
  }

  add(amount: number, now: number): void {
    this.#turn(now);
    this.#slices[this.#slice % SLICES]! += amount;
    this.#sum += amount;
  }

  sum(now: number): number {
    this.#turn(now);
    return this.#sum;
  }

  #turn(now: number): void {
    const slice = Math.floor(now / this.#sliceMs);
    if (slice <= this.#slice) return;
    const old = Math.min(slice - this.#slice, SLICES);
    for (let step = 1; step <= old; step++) {
      const at = (this.#slice + step) % SLICES;
      this.#sum -= this.#slices[at]!;
      this.#slices[at] = 0;
    }
    if (old === SLICES) this.#sum = 0; // and with it what rounding left behind
    this.#slice = slice;
  }
}
