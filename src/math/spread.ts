const PHI = 1.1673039782614187; // the root of x^5 = x + 1, which suits four dimensions
const STEPS = [1 / PHI, 1 / PHI ** 2, 1 / PHI ** 3, 1 / PHI ** 4] as const;
const REST = 0.6180339887498949; // the golden ratio's, for what comes after

/**
 * Numbers in place of random ones that are spread over all there may be as evenly as can be: what is asked with each turn
 * of them comes to its true share much sooner than by chance. The first four of a turn are a point of Roberts's R4
 * sequence ("The Unreasonable Effectiveness of Quasirandom Sequences", 2018); those after them go on by the golden ratio.
 */
export class R4 {
  #turn = 1;
  #drawn = 0;
  #rest = 0.5;

  /** Goes on to the next point. */
  turn(): void {
    this.#turn++;
    this.#drawn = 0;
  }

  /** A number from 0, inclusive, to 1, exclusive. */
  next(): number {
    const step = STEPS[this.#drawn++];
    if (step !== undefined) return (0.5 + this.#turn * step) % 1;
    this.#rest = (this.#rest + REST) % 1;
    return this.#rest;
  }

  /** A whole number of 32 bits. */
  bits(): number {
    return Math.floor(this.next() * 0x1_0000_0000);
  }
}
