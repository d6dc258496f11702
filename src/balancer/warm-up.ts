import type { Node } from '../core/node.ts';

const LEAST = 0.1; // of its weight, from the first moment on
const STEPS = 50; // in which a weight grows
const LONGEST_STEP_MS = 1_000;

/** The share of its weight that a node has so long after it came: Envoy's slow start, with its defaults. */
export const warmth = (ms: number, windowMs: number): number =>
  Math.max(LEAST, Math.min(1, Math.max(ms, 1_000) / windowMs));

/** Nodes that came when others were there already, and get their full weight only by and by. */
export class WarmUp {
  readonly #since = new Map<Node, number>(); // the first call after a node came; unknown until there is one
  #window = Number.POSITIVE_INFINITY;
  #next = Number.NEGATIVE_INFINITY;

  /** Whether there is anybody to warm up. */
  get idle(): boolean {
    return this.#since.size === 0;
  }

  add(node: Node): void {
    this.#since.set(node, Number.NaN);
    this.#next = Number.NEGATIVE_INFINITY;
  }

  delete(node: Node): void {
    this.#since.delete(node);
  }

  /** Its weight is another: how much of it it has is to be said anew. */
  changed(node: Node): void {
    if (this.#since.has(node)) this.#next = Number.NEGATIVE_INFINITY;
  }

  /**
   * Gives each the weight it has by now, and tells `place` of those for whom it is another. `live` is how many there are
   * in all: where all have come at once, none is spared for the others. Says whether all are warm.
   */
  step(window: number, now: number, live: number, place: (node: Node) => void): boolean {
    if (window === this.#window && now < this.#next) return false;
    this.#window = window;
    this.#next = now + Math.min(window / STEPS, LONGEST_STEP_MS);
    const off = window === Number.POSITIVE_INFINITY || this.#areAll(live);
    for (const [node, known] of this.#since) {
      const since = Number.isNaN(known) ? now : known;
      const share = off ? 1 : warmth(now - since, window);
      if (share === 1) this.#since.delete(node);
      else if (since !== known) this.#since.set(node, since);
      const weight = node.endpoint.weight * share;
      if (weight === node.weight) continue;
      node.weight = weight;
      place(node);
    }
    return this.idle;
  }

  /** The weight that `step` would give a node, for who only looks. */
  weightOf(node: Node, window: number, now: number, live: number): number {
    const since = this.#since.get(node);
    if (since === undefined) return node.weight;
    const off = window === Number.POSITIVE_INFINITY || this.#areAll(live);
    return node.endpoint.weight * (off ? 1 : warmth(Number.isNaN(since) ? 0 : now - since, window));
  }

  /** Whether nobody else is there, and nobody was called yet. */
  #areAll(live: number): boolean {
    return this.#since.size >= live && [...this.#since.values()].every(Number.isNaN);
  }
}
