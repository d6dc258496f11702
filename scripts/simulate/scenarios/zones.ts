import type { ServerOptions, Simulation, SimulationOptions } from '../../../src/testing.ts';
import {
  count,
  countOf,
  exactly,
  failed,
  lastShare,
  overTime,
  percent,
  ran,
  type Scenario,
  shareOf,
} from '../scenario.ts';

/** So many servers in each zone. */
const inZones = (count: number, ...names: readonly string[]): ServerOptions[] =>
  names.flatMap((zone) => Array.from({ length: count }, () => ({ zone })));

const shareOfFirst = (count: number, { servers }: Simulation): number =>
  servers.slice(0, count).reduce((sum, { share }) => sum + share, 0);

const firstPlaces = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** Envoy's table, for an overprovisioning factor of 1.4: of ten servers of a zone that are well, what it keeps. */
const KEPT: readonly (readonly [well: number, percent: number])[] = [
  [10, 100],
  [8, 100],
  [7, 98],
  [6, 84],
  [5, 70],
  [3, 42],
  [1, 14],
  [0, 0],
];

/** Our zone has ten servers, of which some refuse from 2 s on; ten more stand in another. */
const losing = (seed: number, lost: readonly number[], seconds = 20, warmUpMs = 10_000) =>
  ran({
    servers: inZones(10, 'a', 'b'),
    zone: 'a',
    seed,
    seconds,
    policy: { outlier: { ejection: '5m' } },
    at: [[2_000, (world) => world.change({ is: 'refusing' }, ...lost)]],
    warmUpMs,
  });

/** Servers in zones and of priorities. */
export const zones: readonly Scenario[] = [
  {
    name: 'zone-loss',
    shows: 'Our zone loses half of its ten servers for twenty seconds; ten more stand in another.',
    async run(seed) {
      const { servers, success } = await losing(seed, firstPlaces(5));
      const options = {
        servers: inZones(10, 'a', 'b'),
        zone: 'a',
        seed,
        seconds: 90,
        perSecond: 500,
        at: [
          [10_000, (world) => world.change({ is: 'refusing' }, 0, 1, 2, 3, 4)],
          [30_000, (world) => world.change({ is: 'up' })],
        ],
      } satisfies SimulationOptions;
      const passing = await ran(options);
      const blind = { balance: { picker: 'round-robin' }, outlier: { failures: 0 }, retry: { attempts: 1 } } as const;
      const turns = await ran({ ...options, policy: blind });
      const lines = { everyMs: 1_000, to: 90 };
      return {
        figures: [
          percent('our zone keeps (Envoy: 70)', shareOfFirst(10, { servers } as Simulation), { least: 68, most: 72 }),
          percent('success', success, { least: 99.9 }),
          percent('our zone has, a minute after all are well', lastShare(passing, firstPlaces(10)), { least: 99 }),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 10, to: 30, name: 'half of our zone refuses' }],
          panels: [
            {
              y: 'share of the calls, %',
              levels: [{ y: 70, name: "Envoy's table: 70" }],
              series: [
                overTime('our zone', passing, shareOf(...firstPlaces(10)), lines),
                overTime('the other zone', passing, shareOf(10, 11, 12, 13, 14, 15, 16, 17, 18, 19), lines),
              ],
            },
            {
              y: 'failed calls, %',
              series: [
                overTime('our defaults', passing, failed, lines),
                overTime('round robin in our zone, nobody judged', turns, failed, lines),
              ],
            },
          ],
        },
      };
    },
  },
  {
    name: 'zone-table',
    shows: 'What a zone of ten servers keeps of the calls when so many of them are left.',
    async run(seed) {
      const figures = [];
      const points: [number, number][] = [];
      for (const [well, due] of KEPT) {
        const simulation = await losing(seed, well === 10 ? [10] : firstPlaces(10 - well));
        const kept = shareOfFirst(10, simulation);
        const told = simulation.events.findLast((event) => event.type === 'spill')?.levels[0]?.percent ?? 100;
        points.push([well, 100 * kept]);
        figures.push(
          percent(`kept with ${well} of 10`, kept, { least: due - 2, most: due + 2 }),
          percent(`success with ${well} of 10`, simulation.success, { least: 99.9 }),
          { what: `told with ${well} of 10`, value: told, unit: '%', ...exactly(due) } as const,
        );
      }
      return {
        figures,
        chart: {
          x: 'servers of our zone that are well, of ten',
          panels: [
            {
              y: 'share of the calls that our zone keeps, %',
              series: [
                { name: 'measured', points: points.toReversed() },
                {
                  name: "Envoy's table",
                  points: firstPlaces(11).map((well) => [well, Math.min(100, 14 * well)] as const),
                },
              ],
            },
          ],
        },
      };
    },
  },
  {
    name: 'zones-at-rest',
    shows: 'Two zones of servers that are well; and one that was not, and is again.',
    async run(seed) {
      const well = await ran({ servers: inZones(5, 'a', 'b'), zone: 'a', seed, seconds: 5 });
      const nowhere = await ran({ servers: inZones(5, 'a', 'b'), seed, seconds: 5 });
      const again = await ran({
        servers: inZones(4, 'a', 'b'),
        zone: 'a',
        seed,
        seconds: 60,
        perSecond: 200,
        at: [
          [2_000, (world) => world.change({ is: 'refusing' }, 0, 1, 2)],
          [12_000, (world) => world.change({ is: 'up' })],
        ],
        warmUpMs: 50_000,
      });
      const last = again.events.findLast((event) => event.type === 'spill');
      const told = (last?.levels ?? []).map(({ elsewhere, percent }) => `${elsewhere} ${percent}`).join();
      return {
        figures: [
          percent('our zone has while it is well', shareOfFirst(5, well), exactly(100)),
          count('told of the usual', countOf(well, 'spill'), exactly(0)),
          percent('a zone has where we are in none', shareOfFirst(5, nowhere), { least: 45, most: 55 }),
          percent('our zone has when it is well again', shareOfFirst(4, again), exactly(100)),
          count('told that it has all again', Number(told === 'false 100,true 0'), exactly(1)),
        ],
      };
    },
  },
  {
    name: 'priorities',
    shows: 'Three priorities of four servers each; two of the first can not be reached.',
    async run(seed) {
      const of = (priority: string) => Array.from({ length: 4 }, () => ({ metadata: { priority } }));
      const simulation = await ran({
        servers: [...of('0'), ...of('1'), ...of('2')],
        seed,
        seconds: 20,
        policy: { outlier: { ejection: '5m' } },
        at: [[2_000, (world) => world.change({ is: 'dead' }, 0, 1)]],
        warmUpMs: 10_000,
      });
      const [first, second] = [shareOfFirst(4, simulation), shareOfFirst(8, simulation)];
      const third = simulation.servers.slice(8).reduce((sum, { asked }) => sum + asked, 0);
      return {
        figures: [
          percent('the first keep (Envoy: 70)', first, { least: 68, most: 72 }),
          percent('the second take the rest', second - first, { least: 28, most: 32 }),
          count('calls to the third', third, exactly(0)),
          percent('success', simulation.success, { least: 99.9 }),
        ],
      };
    },
  },
];
