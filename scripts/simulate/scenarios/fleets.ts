import type { Series } from '../draw/chart.ts';
import {
  count,
  exactly,
  failed,
  lastShare,
  overTime,
  percent,
  ran,
  type Scenario,
  shareOf,
  variation,
} from '../scenario.ts';

/** Who may call which servers, and how often. */
export const fleets: readonly Scenario[] = [
  {
    name: 'large-fleet',
    shows: '100 clients call 100 servers, at most 20 each.',
    async run(seed) {
      const loads = async (mode: 'ring' | 'rendezvous') => {
        const { servers } = await ran({
          servers: Array.from({ length: 100 }, () => ({})),
          clients: 100,
          perSecond: 2_000,
          seconds: 17,
          warmUpMs: 7_000,
          policy: { aperture: { mode, size: 20, above: 20 }, balance: { picker: 'weighted-round-robin' } },
          seed,
        });
        return servers.map(({ share }) => 100 * share);
      };
      const [ring, rendezvous] = [await loads('ring'), await loads('rendezvous')];
      const sorted = (name: string, shares: readonly number[]): Series => ({
        name,
        as: 'steps',
        points: shares.toSorted((a, b) => b - a).map((share, at) => [at + 1, 100 * share] as const),
      });
      return {
        figures: [
          count('variation of load, aperture', variation(ring), { most: 0.05 }),
          count('variation of load, rendezvous', variation(rendezvous), { most: 0.35 }),
        ],
        chart: {
          x: 'servers, from the one with the most load',
          panels: [
            {
              y: 'load beside the mean, %',
              series: [sorted('aperture', ring), sorted('rendezvous', rendezvous)],
            },
          ],
        },
      };
    },
  },
  {
    name: 'partition',
    shows: 'Two of ten callers can not reach half of ten servers for ten seconds; the others can.',
    async run(seed) {
      const simulation = await ran({
        servers: Array.from({ length: 10 }, () => ({})),
        clients: 10,
        seconds: 60,
        perSecond: 600,
        seed,
        at: [
          [5_000, (world) => [0, 1].forEach((client) => void world.cut(client, 0, 1, 2, 3, 4))],
          [15_000, (world) => [0, 1].forEach((client) => void world.cut(client))],
        ],
      });
      const during = simulation.timeline().filter(({ at }) => at >= 7_000 && at < 15_000);
      const asked = (from: number) =>
        during.flatMap((stretch) => stretch.asked.slice(from, from + 5)).reduce((a, b) => a + b);
      return {
        figures: [
          percent('success', simulation.success, { least: 99.99 }),
          percent('share of the half that two can not reach (due 40)', asked(0) / (asked(0) + asked(5)), {
            least: 36,
            most: 44,
          }),
          percent('its share when all is mended (due 50)', lastShare(simulation, [0, 1, 2, 3, 4]), {
            least: 45,
            most: 55,
          }),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 5, to: 15, name: 'two of ten callers are cut off from half of the servers' }],
          panels: [
            {
              y: 'share of the attempts, %',
              levels: [{ y: 40, name: 'due: 40' }],
              series: [
                overTime('servers cut off from two', simulation, shareOf(0, 1, 2, 3, 4), { everyMs: 1_000, to: 60 }),
                overTime('the other servers', simulation, shareOf(5, 6, 7, 8, 9), { everyMs: 1_000, to: 60 }),
              ],
            },
            { y: 'failed calls, %', to: 1, series: [overTime('all', simulation, failed, { everyMs: 1_000, to: 60 })] },
          ],
        },
      };
    },
  },
  {
    name: 'weights',
    shows: 'Servers of unlike weights, nearly idle and busy.',
    async run(seed) {
      const figures = [];
      for (const weights of [
        [1, 2, 3, 4],
        [9, 1],
        [1, 1, 1, 7],
        [0.1, 0.5, 1, 1],
      ]) {
        for (const [when, perSecond, seconds, most] of [
          ['idle', 100, 40, 3],
          ['busy', 1_500, 3, 2],
        ] as const) {
          const value = await furthest(weights, perSecond, seconds, seed);
          figures.push(percent(`furthest from what is due, ${weights.join(', ')}, ${when}`, value, { most }));
        }
      }
      const spare = await ran({ servers: [{ weight: 0 }, {}, {}], seed });
      const alone = await ran({ servers: [{ weight: 0 }, { is: 'refusing' }, { is: 'refusing' }], seed });
      return {
        figures: [
          ...figures,
          count('calls to weight 0', spare.servers[0]!.asked, exactly(0)),
          percent('success beside weight 0', spare.success, exactly(100)),
          count('calls to weight 0 when all others are down', alone.servers[0]!.asked, exactly(0)),
          percent('success then', alone.success, exactly(0)),
        ],
      };
    },
  },
];

/** How far any share is from what its weight is due, in six simulations together. */
async function furthest(weights: readonly number[], perSecond: number, seconds: number, seed: number): Promise<number> {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const servers = weights.map((weight) => ({ weight, workers: Math.ceil((30 * weight) / whole) }));
  const asked = weights.map(() => 0);
  for (const more of [0, 1, 2, 3, 4, 5]) {
    const simulation = await ran({ servers, perSecond, seconds, seed: seed + more });
    for (const [at, figures] of simulation.servers.entries()) asked[at]! += figures.asked;
  }
  const all = asked.reduce((sum, count) => sum + count, 0);
  return Math.max(...asked.map((count, at) => Math.abs(count / all - weights[at]! / whole)));
}
