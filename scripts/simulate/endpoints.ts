import { type Outcome, ran, type Scenario, ten } from './scenario.ts';

const START = Date.UTC(2026, 0, 1); // what the calendar says when a simulation begins

/** Servers that are slow, fail or refuse. */
export const endpoints: readonly Scenario[] = [
  {
    name: 'slow',
    shows: 'One of ten servers is ten times slower.',
    async run(seed): Promise<Outcome> {
      const servers = ten({ ms: 100 });
      const mesh = await ran({ servers, seed });
      const turns = await ran({ servers, seed, balance: 'round-robin' });
      const [p99, inTurn] = [mesh.quantile(0.99), turns.quantile(0.99)];
      return {
        figures: [
          { what: 'share of the slow one', value: 100 * mesh.servers[0]!.share, unit: '%', most: 0.5 },
          { what: "p99 beside round robin's", value: p99 / inTurn, unit: '×', most: 0.25 },
        ],
        plot: {
          unit: 'p99, ms',
          bars: [
            ['p2c', p99],
            ['round robin', inTurn],
          ],
        },
      };
    },
  },
  {
    name: 'flaky',
    shows: 'One of ten servers fails a quarter of its calls; nothing is tried again.',
    async run(seed): Promise<Outcome> {
      const options = { servers: ten({ failing: 0.25 }), policy: { retry: { attempts: 1 } }, seconds: 20, seed };
      const mesh = await ran(options);
      const turns = await ran({ ...options, policy: { retry: { attempts: 1 }, balance: { picker: 'round-robin' } } });
      return {
        figures: [
          { what: 'share of the one that fails', value: 100 * mesh.servers[0]!.share, unit: '%', most: 3 },
          { what: 'success without retries', value: 100 * mesh.success, unit: '%', least: 99.3 },
        ],
        plot: {
          unit: 'failed calls, %',
          bars: [
            ['p2c', 100 - 100 * mesh.success],
            ['round robin', 100 - 100 * turns.success],
          ],
        },
      };
    },
  },
  {
    name: 'refusing-fast',
    shows: 'One of ten servers answers 429 at once, to a tenth, half or all of its calls.',
    async run(seed): Promise<Outcome> {
      const share = async (failing: number) => {
        const servers = ten({ failing, status: 429, failingMs: 0.2 });
        return 100 * (await ran({ servers, policy: { retry: { attempts: 1 } }, seed })).servers[0]!.share;
      };
      const bars = [
        ['a tenth', await share(0.1)],
        ['half', await share(0.5)],
        ['all', await share(1)],
      ] as const;
      return {
        figures: bars.map(([what, value]) => ({ what: `share, ${what} refused`, value, unit: '%', most: 10 })),
        plot: { unit: 'share of the calls, %', bars },
      };
    },
  },
  {
    name: 'slow-tail',
    shows: 'Each of ten servers answers one request in fifty after 200 to 500 ms; requests are hedged.',
    async run(seed): Promise<Outcome> {
      const options = { servers: ten({ tail: 0.02 }, { tail: 0.02 }), perSecond: 500, seconds: 40, warmUpMs: 10_000 };
      const hedge = { mode: 'quantile', quantile: 0.975, budget: 0.02 } as const;
      const [without, hedged] = [await ran({ ...options, seed }), await ran({ ...options, seed, policy: { hedge } })];
      const [before, p99] = [without.quantile(0.99), hedged.quantile(0.99)];
      return {
        figures: [
          { what: 'p99 without hedging', value: before, unit: 'ms', least: 300 },
          { what: 'p99 with hedging', value: p99, unit: 'ms', most: 65 },
          { what: 'more load', value: 100 * (hedged.attempts / hedged.calls - 1), unit: '%', most: 2 },
        ],
        plot: {
          unit: 'p99, ms',
          bars: [
            ['hedged', p99],
            ['not hedged', before],
          ],
        },
      };
    },
  },
  {
    name: 'lost-probe',
    shows: 'The call that tries an ejected server never comes back; the server is well soon after.',
    async run(seed): Promise<Outcome> {
      const [lease, well] = [10, 14_000]; // the call that tries it goes at 12 s, about
      const { events, outcomes } = await ran({
        servers: [{}, {}, {}],
        perSecond: 100,
        seconds: 50,
        seed,
        policy: {
          balance: { picker: 'round-robin' },
          outlier: { failures: 3, ejection: `${lease}s` },
          deadline: { timeout: '40s' },
        },
        at: [
          [2_000, (world) => world.change({ is: 'refusing' }, 0)],
          [4_000, (world) => world.change({ is: 'hanging' }, 0)],
          [well, (world) => world.change({ is: 'up' }, 0)],
        ],
      });
      const back = events.find(({ type }) => type === 'returned')?.at ?? Number.POSITIVE_INFINITY;
      const returned = (back - START - well) / 1_000;
      return {
        figures: [
          { what: 'calls that never came back', value: outcomes.deadline ?? 0, unit: '', least: 1, most: 2 },
          { what: 'seconds until it is back', value: returned, unit: '', least: 0, most: lease },
        ],
        plot: {
          unit: 'seconds',
          bars: [
            ['until it is back', returned],
            ['lease', lease],
          ],
        },
      };
    },
  },
];
