import type { ServerOptions, SimulatedChange } from '../../../src/testing.ts';
import { count, exactly, failed, mean, overTime, p99, percent, ran, type Scenario, shareOf, ten } from '../scenario.ts';

/** Servers that come and go. */
export const newcomers: readonly Scenario[] = [
  {
    name: 'newcomer',
    shows: 'An eleventh server comes to ten: a good one, one that fails, one that hangs.',
    async run(seed) {
      const join = (server: ServerOptions, more: object = {}) =>
        ran({ servers: ten({}), seed, at: [[5_000, (world) => void world.add(server)]], ...more });
      const { servers } = await join({}, { warmUpMs: 5_000 });
      const [newcomer, others] = [servers[10]!, servers.slice(0, 10)];
      const failing = await join({ failing: 1 });
      const hanging = await join({ is: 'hanging' }, { seconds: 9 });
      return {
        figures: [
          count(
            'calls it holds at once, above the most of the others',
            newcomer.peak - Math.max(...others.map(({ peak }) => peak)),
            {
              most: 1,
            },
          ),
          percent('its share', newcomer.share, { least: 6, most: 13 }),
          count('calls to one that fails', failing.servers[10]!.asked, { most: 20 }),
          percent('success beside one that fails', failing.success, exactly(100)),
          count('calls to one that hangs', hanging.servers[10]!.asked, exactly(1)),
        ],
      };
    },
  },
  {
    name: 'warm-up',
    shows: 'An eleventh server comes to ten, and is given five seconds to warm up.',
    async run(seed) {
      const share = async (picker: 'p2c' | 'weighted-round-robin', from: number, to: number, own = seed) => {
        const { servers } = await ran({
          servers: ten({}),
          seed: own,
          seconds: to,
          warmUpMs: from * 1_000,
          policy: { balance: { picker, warmUp: '5s' } },
          at: [[2_000, (world) => void world.add({})]],
        });
        return servers[10]!.share;
      };
      // Of a second there are twenty calls, which chance makes ten or thirty; of the seconds after five, one long answer is
      // remembered for ten. So the one is of several runs, and the other is long.
      const firsts = [0, 1, 2, 3, 4].map((run) => share('p2c', 2, 3, seed + 1_000 * run));
      return {
        figures: [
          percent('first second, p2c (due 2.0)', mean(await Promise.all(firsts)), { least: 1, most: 3 }),
          percent('after five, p2c (due 9.1)', await share('p2c', 7, 27), { least: 7, most: 11 }),
          percent('first second, in turn (due 2.0)', await share('weighted-round-robin', 2, 3), { least: 1, most: 3 }),
          percent('after five, in turn (due 9.1)', await share('weighted-round-robin', 7, 9), { least: 6, most: 12 }),
        ],
      };
    },
  },
  {
    name: 'cold-start',
    shows: 'Five of ten servers are replaced at once by cold ones, which get fast by the calls of ten seconds.',
    async run(seed) {
      const cold: ServerOptions = { ms: 80, workers: 8 };
      const warms = [0, 1, 2, 3, 4].map((turn): SimulatedChange => {
        const model = { ms: [60, 40, 25, 15, 10][turn]!, workers: [12, 16, 24, 32, 32][turn]! };
        return [5_000 + (turn + 1) * 2_000, (world) => world.change(model, 10, 11, 12, 13, 14)];
      });
      const replace: SimulatedChange = [
        5_000,
        (world) => {
          for (let at = 0; at < 5; at++) {
            world.add(cold);
            world.remove(world.servers[at]!);
          }
        },
      ];
      const run = (policy: object) =>
        ran({ servers: ten({}), perSecond: 1_000, seconds: 25, seed, policy, at: [replace, ...warms] });
      const drawn = [
        ['p2c', await run({})],
        ['p2c, warmUp', await run({ balance: { warmUp: '10s' } })],
        ['in turn, warmUp', await run({ balance: { picker: 'weighted-round-robin', warmUp: '10s' } })],
        ['in turn', await run({ balance: { picker: 'weighted-round-robin' } })],
      ] as const;
      const worst = drawn.map(([, run]) => quantileOf(run.ended, 5_000, 15_000));
      return {
        figures: [
          { what: 'p99 while cold, p2c', value: worst[0]!, unit: 'ms', most: 150 },
          { what: 'p99 while cold, p2c and warmUp', value: worst[1]!, unit: 'ms', most: 150 },
          {
            what: 'p95 in turn with warmUp, beside in turn',
            value:
              quantileOf(drawn[2][1].ended, 5_000, 15_000, 0.95) / quantileOf(drawn[3][1].ended, 5_000, 15_000, 0.95),
            unit: '×',
            most: 0.9,
          },
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 5, to: 15, name: 'five of ten are cold' }],
          panels: [
            {
              y: 'p99, ms',
              scale: 'log',
              series: drawn.map(([name, run]) => overTime(name, run, p99, { everyMs: 500, to: 25 })),
            },
            {
              y: 'share of the five, %',
              levels: [{ y: 50, name: 'their part' }],
              series: drawn.map(([name, run]) =>
                overTime(name, run, shareOf(10, 11, 12, 13, 14), { everyMs: 500, to: 25 }),
              ),
            },
          ],
        },
      };
    },
  },
  {
    name: 'deploy',
    shows:
      'Ten servers are replaced one by one, a second each; those that leave refuse from half a second after they are off the list, or from half a second before.',
    async run(seed) {
      const of = (afterMs: number, more: object = {}) =>
        ran({
          servers: ten({}),
          clients: 5,
          seconds: 14,
          seed,
          at: Array.from({ length: 10 }, (_, at): SimulatedChange[] => [
            [
              (at + 1) * 1_000,
              (world) => {
                world.add({});
                world.remove(world.servers[at]!);
              },
            ],
            [(at + 1) * 1_000 + afterMs, (world) => world.change({ is: 'refusing' }, at)],
          ]).flat(),
          ...more,
        });
      const turns = {
        policy: { retry: { attempts: 1 }, outlier: { failures: 0 }, balance: { picker: 'round-robin' } },
      };
      const [good, hard, bare] = [await of(500), await of(-500), await of(-500, turns)];
      const { asked, success } = await leaving(seed);
      return {
        figures: [
          percent('success', good.success, exactly(100)),
          percent('more load', good.attempts / good.calls - 1, { most: 0.5 }),
          percent('success where they refuse before', hard.success, exactly(100)),
          percent('more load where they refuse before', hard.attempts / hard.calls - 1, { most: 1 }),
          percent('success of round robin where they refuse before', bare.success, { most: 97 }),
          count('calls to one off the list', asked, exactly(0)),
          percent('success of calls under way to one off the list', success, exactly(100)),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 1, to: 10.5, name: 'one of ten is replaced each second' }],
          panels: [
            {
              y: 'failed calls, %',
              to: 15,
              series: [
                overTime('refuse after: the defaults', good, failed, { to: 14 }),
                overTime('refuse before: the defaults', hard, failed, { to: 14 }),
                overTime('refuse before: round robin', bare, failed, { to: 14 }),
              ],
            },
            {
              y: 'share of the old servers, %',
              series: [overTime('refuse after: the defaults', good, shareOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), { to: 14 })],
            },
          ],
        },
      };
    },
  },
  {
    name: 'registry-back',
    shows: 'The registry is away for ten seconds; meanwhile five of ten servers die and five others come. 50 clients.',
    async run(seed) {
      const simulation = await ran({
        servers: ten({}),
        clients: 50,
        perSecond: 2_000,
        seconds: 25,
        seed,
        at: [
          [5_000, (world) => world.registryAway()],
          [
            8_000,
            (world) => {
              for (let at = 0; at < 5; at++) {
                world.remove(world.servers[at]!);
                world.add({});
              }
              world.change({ is: 'refusing' }, 0, 1, 2, 3, 4);
            },
          ],
          [15_000, (world) => world.registryBack()],
        ],
      });
      const during = simulation.ended.filter(({ at }) => at >= 5_000 && at < 15_000);
      const [fresh, old] = [simulation.servers.slice(10), simulation.servers.slice(5, 10)];
      const peaks = [fresh, old].map((some) => Math.max(...some.map(({ peak }) => peak)));
      return {
        figures: [
          percent(
            'success while it is away',
            during.filter(({ outcome }) => outcome === '200').length / during.length,
            { least: 99.5 },
          ),
          {
            what: 'the most calls a newcomer holds, beside the others',
            value: peaks[0]! / peaks[1]!,
            unit: '×',
            most: 2,
          },
          percent('share of the newcomers a second later', shareBetween(simulation, 16_000, 25_000), {
            least: 35,
            most: 60,
          }),
        ],
        chart: {
          x: 'seconds',
          spans: [
            { from: 5, to: 15, name: 'the registry is away' },
            { from: 8, name: '' },
          ],
          panels: [
            {
              y: 'share of the attempts, %',
              series: [
                overTime('the five that die at 8 s', simulation, shareOf(0, 1, 2, 3, 4), { to: 25 }),
                overTime('the five that stay', simulation, shareOf(5, 6, 7, 8, 9), { to: 25 }),
                overTime('the five that come', simulation, shareOf(10, 11, 12, 13, 14), { to: 25 }),
              ],
            },
            { y: 'failed calls, %', to: 2, series: [overTime('all', simulation, failed, { to: 25 })] },
          ],
        },
      };
    },
  },
];

/** A slow server is taken off the list: what it gets after, and what becomes of the calls it has. */
async function leaving(seed: number): Promise<{ readonly asked: number; readonly success: number }> {
  let asked = 0;
  const { servers, success } = await ran({
    servers: ten({ ms: 50 }),
    seed,
    at: [
      [
        5_000,
        (world) => {
          asked = world.servers[0]!.asked;
          world.remove(world.servers[0]!);
        },
      ],
    ],
  });
  return { asked: servers[0]!.asked - asked, success };
}

function quantileOf(
  ended: readonly { readonly at: number; readonly ms: number }[],
  from: number,
  to: number,
  share = 0.99,
): number {
  const sorted = ended
    .filter(({ at }) => at >= from && at < to)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1]!;
}

/** The share of the attempts between two moments that went to those that came, which are those after ten. */
function shareBetween(simulation: Awaited<ReturnType<typeof ran>>, from: number, to: number): number {
  const asked = simulation
    .timeline()
    .filter(({ at }) => at >= from && at < to)
    .map((stretch) => stretch.asked);
  const sum = (some: readonly number[]) => some.reduce((all, each) => all + each, 0);
  return sum(asked.map((each) => sum(each.slice(10)))) / sum(asked.map(sum));
}
