import { extremes, overTime, p99, percent, ran, type Scenario, shareOf, ten } from '../scenario.ts';

const [FROM, TO, END] = [4, 14, 20]; // seconds

/** Servers that are slow. */
export const slow: readonly Scenario[] = [
  {
    name: 'slow',
    shows: 'One of ten servers is ten times slower.',
    async run(seed) {
      const servers = ten({ ms: 100 });
      const mesh = await ran({ servers, seed });
      const turns = await ran({ servers, seed, balance: 'round-robin' });
      const passing = {
        servers: ten({}),
        seconds: END,
        seed,
        at: [
          [FROM * 1_000, (world) => world.change({ ms: 100 }, 0)],
          [TO * 1_000, (world) => world.change({ ms: 10 }, 0)],
        ],
      } satisfies Parameters<typeof ran>[0];
      const drawn = [
        ['p2c', await ran(passing)],
        ['least-request', await ran({ ...passing, policy: { balance: { picker: 'least-request' } } })],
        ['round robin', await ran({ ...passing, balance: 'round-robin' })],
      ] as const;
      return {
        figures: [
          percent('share of the slow one', mesh.servers[0]!.share, { most: 0.5 }),
          percent('its share with round robin', turns.servers[0]!.share, { least: 9.9, most: 10.1 }),
          {
            what: "p99 beside round robin's",
            value: mesh.quantile(0.99) / turns.quantile(0.99),
            unit: '×',
            most: 0.25,
          },
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: FROM, to: TO, name: 'one of ten is ten times slower' }],
          panels: [
            { y: 'p99, ms', scale: 'log', series: drawn.map(([name, run]) => overTime(name, run, p99, { to: END })) },
            {
              y: 'share of the slow one, %',
              to: 15,
              series: drawn.map(([name, run]) => overTime(name, run, shareOf(0), { to: END })),
            },
          ],
        },
      };
    },
  },
  {
    name: 'slow-of-few',
    shows: 'One of two or three servers is ten times slower; or one that has half of all the weight.',
    async run(seed) {
      const usual = { perSecond: 300, seed };
      const two = await ran({ ...usual, servers: [{ ms: 100 }, {}] });
      const three = await ran({ ...usual, servers: [{ ms: 100 }, {}, {}] });
      const heavy = await ran({ servers: [{ weight: 5, ms: 100 }, {}, {}, {}, {}, {}], perSecond: 500, seed });
      return {
        figures: [
          percent('share of the slow one of two', two.servers[0]!.share, { most: 5 }),
          percent('share of the slow one of three', three.servers[0]!.share, { most: 2.5 }),
          percent('share of the heavy one', heavy.servers[0]!.share, { most: 5 }),
        ],
      };
    },
  },
  {
    name: 'slow-no-more',
    shows: 'One of ten servers was ten times slower for ten seconds, and is well again.',
    async run(seed) {
      const options = {
        servers: ten({ ms: 100 }),
        perSecond: 200,
        seconds: 100,
        seed,
        at: [[10_000, (world) => world.change({ ms: 10 }, 0)]],
      } satisfies Parameters<typeof ran>[0];
      const { servers } = await ran({ ...options, warmUpMs: 70_000 });
      return {
        figures: [percent('its share a minute later', servers[0]!.share, { least: 7 })],
        chart: {
          x: 'seconds',
          spans: [{ from: 0, to: 10, name: 'ten times slower' }],
          panels: [
            {
              y: 'its share of the calls, %',
              levels: [{ y: 10, name: 'its part' }],
              series: [overTime('p2c', await ran(options), shareOf(0), { everyMs: 2_000, to: 100 })],
            },
          ],
        },
      };
    },
  },
  {
    name: 'equals',
    shows: 'Ten servers that are all alike.',
    async run(seed) {
      // One long answer halves the calls of a server for a while: shares are of several times what a peak is remembered.
      const [most, least] = extremes(await ran({ servers: ten({}), seed, seconds: 40 }));
      return {
        figures: [percent('the largest share', most, { most: 12 }), percent('the smallest share', least, { least: 8 })],
      };
    },
  },
];
