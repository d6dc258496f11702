/** What the answers of one window came to. */
export interface Sampled {
  /** Half of those that came took less, in milliseconds; at least 0.1. NaN when none came. */
  readonly ms: number;
  /** The most that were under way when one of them began, itself counted. */
  readonly inFlight: number;
  /** How many came. */
  readonly answers: number;
  /** How many were refused by the other side or did not come in time. They say nothing about how long answers take. */
  readonly dropped: number;
}

/** Learns from windows of answers how many may be under way at once. The caller brings the time and the ceiling. */
export interface LimitRule {
  /** How many may be under way, as it stands: at least 1, and not a whole number. */
  readonly limit: number;
  /** The same without what holds only while something is measured. */
  readonly learnt: number;
  /** Answers that began before this moment say nothing, since the limit was another then. */
  readonly since: number;
  /** Takes in a window that ended at `now`. `most` is the ceiling. */
  update(sampled: Sampled, most: number, now: number): void;
}

/** The floor of every rule: one at a time, so that there are always answers to learn from. */
export const LEAST = 1;

/** A number held between the floor and the ceiling. */
export const within = (limit: number, most: number): number => Math.max(LEAST, Math.min(most, limit));

/** Whether so little of a limit is used that answers say nothing about it. Netflix's rule. */
export const isIdle = (inFlight: number, limit: number): boolean => inFlight * 2 < limit;
