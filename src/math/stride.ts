const MOST = 0xffff; // the heaviest is scaled to this
const OFFSET = 0x7fff; // between neighbours, so that equals do not come all at once

/**
 * Turns by weight: gRPC's static stride scheduler (proposal A58). In each generation the heaviest has one turn, and
 * every other in as many of them as its weight is of the heaviest's, evenly spread; exact after 65,535 generations and
 * right within a turn or two at any time. A turn takes as many steps as the heaviest is times the mean, at most.
 */
export class StaticStride {
  readonly #weights: Uint16Array;
  readonly #at: Int32Array; // where each stands in this generation: `(weight * generation + index * OFFSET) % MOST`
  #index: number;
  #generation: number;

  /** `weights` are above 0. `turn`, a whole number, says where in the order to begin. */
  constructor(weights: readonly number[], turn = 0) {
    let heaviest = 0;
    for (const weight of weights) heaviest = Math.max(heaviest, weight);
    // One at least, also of what is no number: with nobody's turn to come `next` would never end.
    this.#weights = Uint16Array.from(weights, (weight) => Math.max(1, Math.round((MOST * weight) / heaviest) || 1));
    this.#index = turn % weights.length;
    this.#generation = Math.floor(turn / weights.length);
    this.#at = Int32Array.from(this.#weights, (weight, index) => {
      const generation = this.#generation + (index < this.#index ? 1 : 0); // those have had their step of this one
      return (weight * generation + index * OFFSET) % MOST;
    });
  }

  /** Steps made so far: another that begins there goes on as this one would. */
  get turn(): number {
    return this.#generation * this.#weights.length + this.#index;
  }

  /** Whose turn it is. */
  next(): number {
    for (;;) {
      const index = this.#index;
      const [weight, at] = [this.#weights[index]!, this.#at[index]!];
      this.#at[index] = at + weight >= MOST ? at + weight - MOST : at + weight;
      if (++this.#index === this.#weights.length) {
        this.#index = 0;
        this.#generation++;
      }
      if (at >= MOST - weight) return index;
    }
  }
}
