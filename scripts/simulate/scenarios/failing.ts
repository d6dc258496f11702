import type { ServerOptions } from '../../../src/testing.ts';
import {
  count,
  countOf,
  exactly,
  extremes,
  failed,
  overTime,
  percent,
  ran,
  type Scenario,
  shareOf,
  ten,
} from '../scenario.ts';

const ONCE = { retry: { attempts: 1 } } as const;
const [FROM, TO, END] = [4, 14, 20]; // seconds

/** Ten servers of which one is as said for a while, called once each: by the default, and by its rivals. */
async function rivals(seed: number, sick: ServerOptions, names: readonly ('p2c' | 'least-request' | 'round-robin')[]) {
  return Promise.all(
    names.map(async (picker) => {
      const run = await ran({
        servers: ten({ ...sick, failing: 0 }),
        seconds: END,
        seed,
        policy: { ...ONCE, balance: { picker } },
        at: [
          [FROM * 1_000, (world) => world.change({ failing: sick.failing! }, 0)],
          [TO * 1_000, (world) => world.change({ failing: 0 }, 0)],
        ],
      });
      return [picker, run] as const;
    }),
  );
}

/** Servers that fail or refuse, some of the time or all of it. */
export const failing: readonly Scenario[] = [
  {
    name: 'flaky',
    shows: 'One of ten servers fails a quarter of its calls; nothing is tried again.',
    async run(seed) {
      const of = (perSecond: number) =>
        ran({ servers: ten({ failing: 0.25 }), policy: ONCE, perSecond, seconds: 20, seed });
      const [many, few] = [await of(1_000), await of(100)];
      const drawn = await rivals(seed, { failing: 0.25 }, ['p2c', 'least-request', 'round-robin']);
      return {
        figures: [
          percent('share of the one that fails', many.servers[0]!.share, { most: 3 }),
          percent('success without retries', many.success, { least: 99.3 }),
          percent('its share at 100 a second', few.servers[0]!.share, { most: 3 }),
          percent('success at 100 a second', few.success, { least: 99.3 }),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: FROM, to: TO, name: 'one of ten fails a quarter of its calls' }],
          panels: [
            { y: 'failed calls, %', series: drawn.map(([name, run]) => overTime(name, run, failed, { everyMs: 500 })) },
            {
              y: 'its share of the calls, %',
              series: drawn.map(([name, run]) => overTime(name, run, shareOf(0), { everyMs: 500 })),
            },
          ],
        },
      };
    },
  },
  {
    name: 'failing-fast',
    shows: 'One of ten servers fails at once, a tenth, half or all of its calls.',
    async run(seed) {
      const figures = [];
      for (const [of, failing] of [
        ['a tenth', 0.1],
        ['half', 0.5],
        ['all', 1],
      ] as const) {
        const { servers, success, attempts, calls } = await ran({ servers: ten({ failing }), seed });
        figures.push(
          percent(`its share, ${of} failing`, servers[0]!.share, { most: 10 }),
          percent(`success, ${of} failing`, success, { least: 99.9 }),
          percent(`more load, ${of} failing`, attempts / calls - 1, { most: 2 }),
        );
      }
      const once = await ran({ servers: ten({ failing: 0.5 }), policy: ONCE, seed });
      return {
        figures: [
          ...figures,
          percent('success without retries, half failing', once.success, { least: 99.9 }),
          count('attempts of one call without retries', once.mostAttempts, exactly(1)),
        ],
      };
    },
  },
  {
    name: 'refusing-fast',
    shows: 'One of ten servers answers 429 at once, to a tenth, half or all of its calls.',
    async run(seed) {
      const run = (first: number, rest: number) => {
        const busy = (failing: number) => ({ failing, status: 429, failingMs: 0.2 });
        return ran({ servers: ten(busy(first), busy(rest)), policy: ONCE, seed });
      };
      const share = async (failing: number) => (await run(failing, 0)).servers[0]!.share;
      const [most, least] = extremes(await run(0.05, 0.05));
      const drawn = await rivals(seed, { failing: 0.5, status: 429, failingMs: 0.2 }, [
        'p2c',
        'least-request',
        'round-robin',
      ]);
      return {
        figures: [
          percent('share, a tenth refused', await share(0.1), { most: 10 }),
          percent('share, half refused', await share(0.5), { most: 10 }),
          percent('share, all refused', await share(1), { most: 10 }),
          percent('the largest share, all refusing a twentieth', most, { most: 15 }),
          percent('the smallest share, all refusing a twentieth', least, { least: 5 }),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: FROM, to: TO, name: 'one of ten refuses half of its calls at once' }],
          panels: [
            {
              y: 'its share of the calls, %',
              levels: [{ y: 10, name: 'its part' }],
              series: drawn.map(([name, run]) => overTime(name, run, shareOf(0), { everyMs: 500 })),
            },
          ],
        },
      };
    },
  },
  {
    name: 'failing-a-little',
    shows: 'All ten servers fail a hundredth of their calls.',
    async run(seed) {
      const simulation = await ran({ servers: ten({ failing: 0.01 }, { failing: 0.01 }), seed });
      const [most, least] = extremes(simulation);
      return {
        figures: [
          percent('success', simulation.success, { least: 99.95 }),
          percent('the largest share', most, { most: 15 }),
          percent('the smallest share', least, { least: 5 }),
        ],
      };
    },
  },
  {
    name: 'not-there',
    shows: 'One of ten servers refuses connections, or can not be reached; no call may be sent twice.',
    async run(seed) {
      const of = (is: 'refusing' | 'dead') => ran({ servers: ten({ is }), idempotent: false, seed });
      const [refusing, dead] = [await of('refusing'), await of('dead')];
      return {
        figures: [
          percent('success, one refusing', refusing.success, exactly(100)),
          percent('share of the one refusing', refusing.servers[0]!.share, { most: 1 }),
          percent('success, one out of reach', dead.success, exactly(100)),
          percent('share of the one out of reach', dead.servers[0]!.share, { most: 1 }),
        ],
      };
    },
  },
  {
    name: 'gust',
    shows: 'Nine of ten servers fail a third of their calls for a tenth of a second; the tenth does not.',
    async run(seed) {
      const { servers, success } = await ran({
        servers: ten({ workers: 16 }, { workers: 16 }),
        perSecond: 2_000,
        seconds: 6,
        seed,
        at: [
          [4_000, (world) => world.change({ failing: 0.3 }, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
          [4_100, (world) => world.change({ failing: 0 })],
        ],
      });
      return {
        figures: [
          percent('share of the one that had none', servers[0]!.share, { most: 20 }),
          percent('success', success, { least: 99.9 }),
        ],
      };
    },
  },
  {
    name: 'ejected',
    shows: 'One of three servers dies for half a minute: it is left out, tried by one call at a time, and comes back.',
    async run(seed) {
      const options = {
        servers: [{}, {}, {}],
        perSecond: 100,
        seconds: 90,
        seed,
        policy: { outlier: { failures: 3 }, balance: { penalty: '0ms' } },
        at: [
          [10_000, (world) => world.change({ is: 'refusing' }, 0)],
          [40_000, (world) => world.change({ is: 'up' }, 0)],
        ],
      } satisfies Parameters<typeof ran>[0];
      const whole = await ran(options);
      const after = await ran({ ...options, warmUpMs: 80_000 });
      return {
        figures: [
          count('times it is put out, each for longer', countOf(whole, 'ejected'), { least: 2, most: 8 }),
          count('good answers that bring it back', countOf(whole, 'returned'), exactly(1)),
          percent('its share at the end', after.servers[0]!.share, { least: 20 }),
          percent('success', whole.success, exactly(100)),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 10, to: 40, name: 'one of three is dead' }],
          panels: [
            {
              y: 'its share of the calls, %',
              levels: [{ y: 100 / 3, name: 'its part' }],
              series: [overTime('p2c and outlier', whole, shareOf(0), { everyMs: 1_000, to: 90 })],
            },
          ],
        },
      };
    },
  },
];
