import { endpoints } from './endpoints.ts';
import { fleets } from './fleets.ts';
import type { Scenario } from './scenario.ts';

/** All of them: `npm run simulate` prints and draws them, and the tests hold them. */
export const scenarios: readonly Scenario[] = [...endpoints, ...fleets];
