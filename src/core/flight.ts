import type { Context } from './context.ts';
import type { Node } from './node.ts';
import type { Outcome } from './outcome.ts';

/** Hears how an attempt ended, and when. One function serves for all attempts, so that none needs one of its own. */
export type Landing = (outcome: Outcome, now: number, flight: Flight, context: Context) => void;

/** One attempt under way. It ends once, by its answer or by being called off. */
export interface Flight {
  /** Where it goes. */
  readonly node: Node;
  /** When it began, on the mesh's clock. */
  readonly at: number;
  /** The term of the node's ejection when it began: a verdict counts in no other. */
  readonly term: number;
  /** Runs `landing` at the end, also when the client that sends never lets go. The first to ask is the first to hear. */
  onEnd(landing: Landing): void;
}
