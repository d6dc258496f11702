import type { Report } from './report.ts';

/** How much a bench is to do. */
export interface Effort {
  /** Rounds that count; the bench's own number unless told. */
  readonly rounds: number | undefined;
  /** Just enough to see that everything runs; the figures mean little. */
  readonly quick: boolean;
  /** Also the mesh without each of its filters in turn. */
  readonly ablate: boolean;
}

/** One of our benches. */
export type Bench = (effort: Effort) => Promise<Report>;

/** Rounds to run: as asked, else two when it is to be quick, else `usual`. */
export const roundsOf = ({ rounds, quick }: Effort, usual: number): number => rounds ?? (quick ? 2 : usual);
