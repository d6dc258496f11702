const PHI = 1.1673039782614187; // the root of x^5 = x + 1, which suits four dimensions
const STEPS = [1 / PHI, 1 / PHI ** 2, 1 / PHI ** 3, 1 / PHI ** 4] as const;
const REST = 0.6180339887498949; // the golden ratio's, for what comes after

/**
 * Numbers in place of random ones that are spread over all there may be as evenly as can be: what is asked with each turn
 * of them comes to its true share much sooner than by chance. The first four of a turn are a point of Roberts's R4
 * sequence ("The Unreasonable Effectiveness of Quasirandom Sequences", 2018); those after them go on by the golden ratio.
 */
export class R4 {
  readonly #point = new Float64Array(STEPS.length).fill(0.5);
  #drawn = 0;
  #rest = 0.5;

  /** Goes on to the next point. */
  turn(): void {
    this.#drawn = 0;
    for (let at = 0; at < STEPS.length; at++) this.#point[at] = onward(this.#point[at]!, STEPS[at]!);
  }

  /** A number from 0, inclusive, to 1, exclusive. */
  next(): number {
    if (this.#drawn < STEPS.length) return this.#point[this.#drawn++]!;
    this.#rest = onward(this.#rest, REST);
    return this.#rest;
  }

  /** A whole number of 32 bits. */
  bits(): number {
    return this.below(0x1_0000_0000);
  }

  /** A whole number from 0, inclusive, to `limit`, exclusive. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

const onward = (from: number, step: number): number => (from + step >= 1 ? from + step - 1 : from + step);
