import type { PolicySections } from '../../../src/policy/table.ts';
import type { SimulatedStretch } from '../../../src/testing.ts';
import { byQuantile, count, countOf, exactly, overTime, percent, ran, rate, type Scenario, ten } from '../scenario.ts';

/** How much more load there was than calls, from 0 up. */
const more = ({ attempts, calls }: { readonly attempts: number; readonly calls: number }): number =>
  attempts / calls - 1;

/** What is allowed to cost something: hedges, and calls within a quota. */
export const budgets: readonly Scenario[] = [
  {
    name: 'slow-tail',
    shows: 'Each of ten servers answers one request in fifty after 200 to 500 ms; requests are hedged.',
    async run(seed) {
      const options = {
        servers: ten({ tail: 0.02 }, { tail: 0.02 }),
        perSecond: 500,
        seconds: 40,
        warmUpMs: 10_000,
        seed,
      };
      const hedge = { mode: 'quantile', quantile: 0.975, budget: 0.02 } as const;
      const without = await ran(options);
      const hedged = await ran({ ...options, policy: { hedge } });
      const usual = await ran({ ...options, policy: { hedge: { mode: 'quantile' } } });
      const slow = await ran({
        ...options,
        policy: { hedge: { mode: 'quantile' } },
        at: [[20_000, (world) => world.change({ ms: 200 })]],
      });
      return {
        figures: [
          { what: 'p99 without hedging', value: without.quantile(0.99), unit: 'ms', least: 300 },
          { what: 'p99 with hedging', value: hedged.quantile(0.99), unit: 'ms', most: 65 },
          percent('more load', more(hedged), { most: 2 }),
          percent('success with hedging', hedged.success, exactly(100)),
          { what: 'p99 with the defaults of hedging', value: usual.quantile(0.99), unit: 'ms', most: 65 },
          percent('more load with the defaults', more(usual), { most: 5 }),
          percent('more load where all get slow', more(slow), { most: 5.5 }),
          count('hedges that the budget held back then', countOf(slow, 'hedge-budget'), { least: 1 }),
        ],
        chart: byQuantile({
          hedged,
          'hedged, by default': usual,
          'not hedged': without,
        }),
      };
    },
  },
  {
    name: 'shared-quota',
    shows: '100 calls a second for 1, 2, 4, 2 and 1 instances together, from 2 s after each change.',
    async run(seed) {
      const PHASES = [1, 2, 4, 2, 1] as const;
      const [LONG, SECONDS] = [12, 60];
      const run = (calls: NonNullable<PolicySections['quota']>['calls']) =>
        ran({
          servers: ten({}),
          clients: 1,
          perSecond: 800,
          seconds: SECONDS,
          policy: { quota: { calls: calls! } },
          at: [
            [LONG * 1_000, (_, fleet) => fleet.join(1)],
            [2 * LONG * 1_000, (_, fleet) => fleet.join(2)],
            [3 * LONG * 1_000, (_, fleet) => fleet.leave(2)],
            [4 * LONG * 1_000, (_, fleet) => fleet.leave(1)],
          ],
          seed,
        });
      const shared = await run([{ rate: '100/s', share: 'fleet' }]);
      const alone = await run([{ rate: '100/s' }]);
      const line = { everyMs: 500, to: SECONDS };
      const let2 = ({ succeeded }: SimulatedStretch) => 2 * succeeded;
      return {
        figures: PHASES.map((instances, phase) => {
          const [from, to] = [(phase * LONG + 2) * 1_000, (phase + 1) * LONG * 1_000];
          const when = phase < 3 ? '' : ' again';
          return count(`calls a second, instances: ${instances}${when}`, rate(shared, from, to), {
            least: 95,
            most: 105,
          });
        }),
        chart: {
          x: 'seconds',
          spans: PHASES.map((instances, phase) => ({ from: phase * LONG, name: `instances: ${instances}` })),
          panels: [
            {
              y: 'calls a second let through, all instances together',
              levels: [{ y: 100, name: 'the quota' }],
              series: [
                overTime('shared by the fleet', shared, let2, line),
                overTime('each for itself', alone, let2, line),
              ],
            },
          ],
        },
      };
    },
  },
];
