import type { Outcome } from '../../scripts/simulate/scenario.ts';
import { scenarios } from '../../scripts/simulate/scenarios.ts';

/** Runs the scenario of that name. */
export const run = (name: string, seed: number): Promise<Outcome> =>
  scenarios.find((scenario) => scenario.name === name)!.run(seed);
