import type { Scenario } from './scenario.ts';
import { budgets } from './scenarios/budgets.ts';
import { failing } from './scenarios/failing.ts';
import { fleets } from './scenarios/fleets.ts';
import { hanging } from './scenarios/hanging.ts';
import { judged } from './scenarios/judged.ts';
import { newcomers } from './scenarios/newcomers.ts';
import { overload } from './scenarios/overload.ts';
import { slow } from './scenarios/slow.ts';
import { storms } from './scenarios/storms.ts';
import { zones } from './scenarios/zones.ts';

/** All of them, by what they are about: `npm run simulate` prints and draws them, the tests hold them, the docs show them. */
export const groups: Readonly<Record<string, readonly Scenario[]>> = {
  'Slow servers': slow,
  'Failing servers': failing,
  'Judging servers': judged,
  'Servers that hang': hanging,
  'Servers that come and go': newcomers,
  'Zones and priorities': zones,
  'Weights, large fleets, partitions': fleets,
  'More than can be done': overload,
  'Everything at once': storms,
  'Hedges and quotas': budgets,
};

export const scenarios: readonly Scenario[] = Object.values(groups).flat();
