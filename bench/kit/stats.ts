import type { Figures } from './competitor.ts';

/** The value below which `share` of the others are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** What is least disturbed by the neighbours: the lower quartile. */
export const calm = (values: readonly number[]): number => quantile(values, 0.25);

/** One figure of many rounds. */
export const series = (rounds: readonly Figures[], figure: string): number[] =>
  rounds.map((round) => round[figure] ?? Number.NaN);

/** The ratio of two competitors' figures, round by round, and of these the median: a busy minute hits both alike. */
export const ratio = (rounds: readonly Figures[], floor: readonly Figures[], figure: string): number =>
  median(rounds.map((round, at) => round[figure]! / floor[at]![figure]!));
