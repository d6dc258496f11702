import type { PolicySections } from '../../../src/policy/table.ts';
import type { ServerOptions, SimulatedStretch, SimulationOptions } from '../../../src/testing.ts';
import { count, exactly, failed, overTime, percent, ran, type Scenario, ten } from '../scenario.ts';

/** Retries that a budget of 20 % allows, without the floor of one a second. */
const BUDGET: PolicySections = { retry: { perSecond: 0 }, outlier: { failures: 0 } };
const GET = { options: () => ({ method: 'GET' }) } as const;
const attemptsPerCall = ({ asked, made }: SimulatedStretch): number =>
  made === 0 ? Number.NaN : asked.reduce((sum, each) => sum + each, 0) / made;

const WAYS: readonly (readonly [way: string, server: ServerOptions])[] = [
  ['refusing connections', { is: 'refusing' }],
  ['failing at once', { failing: 1 }],
  ['out of reach', { is: 'dead' }],
];

/** All servers at once. */
export const storms: readonly Scenario[] = [
  {
    name: 'all-down',
    shows: 'All of ten servers refuse, fail, can not be reached, or hang; after a while they are back.',
    async run(seed) {
      const figures = [];
      for (const [way, server] of WAYS) {
        const { mostAttempts, attempts, calls, success } = await ran({ servers: ten(server, server), seed });
        figures.push(
          count(`attempts of one call, ${way}`, mostAttempts, exactly(3)),
          { what: `attempts for each call, ${way}`, value: attempts / calls, unit: '×', most: 1.3 } as const,
          percent(`success, ${way}`, success, exactly(0)),
        );
      }
      const hanging = await ran({
        servers: ten({ is: 'hanging' }, { is: 'hanging' }),
        policy: { attempt: { timeout: '500ms' } },
        perSecond: 300,
        seed,
      });
      const back = await ran({
        servers: ten({ is: 'refusing' }, { is: 'refusing' }),
        seed,
        at: [[5_000, (world) => world.change({ is: 'up' })]],
        warmUpMs: 7_000,
      });
      return {
        figures: [
          ...figures,
          { what: 'attempts for each call, hanging', value: hanging.attempts / hanging.calls, unit: '×', most: 1.3 },
          percent(
            'of which ended by the time of an attempt',
            (hanging.outcomes.attempt ?? 0) / hanging.calls,
            exactly(100),
          ),
          percent('success two seconds after all are back', back.success, { least: 99.9 }),
        ],
      };
    },
  },
  {
    name: 'panic',
    shows: 'Six of ten servers are down, and the four others can or can not carry all.',
    async run(seed) {
      const down: ServerOptions = { is: 'refusing' };
      const enough = await ran({ servers: [down, down, down, down, down, down, {}, {}, {}, {}], seed });
      const [failing, small]: ServerOptions[] = [
        { failing: 1, workers: 1 },
        { workers: 1, ms: 8 },
      ];
      const tooSmall = await ran({
        servers: [...Array.from({ length: 6 }, () => failing!), ...Array.from({ length: 4 }, () => small!)],
        perSecond: 800,
        seconds: 12,
        seed,
        at: [[3_000, (world) => world.change({ failing: 0 })]],
        warmUpMs: 8_000,
      });
      return {
        figures: [
          percent('success', enough.success, { least: 99.5 }),
          percent('success when the six are well again', tooSmall.success, { least: 99.9 }),
        ],
      };
    },
  },
  {
    name: 'retry-storm',
    shows: 'Everything refuses: one service, and chains of up to four.',
    async run(seed) {
      const seconds = 20;
      const down = await ran({ servers: ten({ is: 'refusing' }, { is: 'refusing' }), seed, seconds });
      const chain = (more: Partial<SimulationOptions>) =>
        ran({
          servers: ten({ failing: 1 }, { failing: 1 }),
          perSecond: 200,
          seconds,
          seed,
          policy: BUDGET,
          ...GET,
          ...more,
        });
      const leaf = [];
      for (const hops of [1, 2, 3, 4]) {
        const { attempts, calls } = await chain({ hops });
        leaf.push({
          what: `load at the end of ${hops} hops`,
          value: attempts / calls,
          unit: '×',
          least: 1.1,
          most: 1.2,
        } as const);
      }
      const unmarked = await chain({ hops: 3, marks: false });
      const floor = seconds + 10; // one a second, and what was saved before
      const naive: PolicySections = {
        retry: { budget: 1, perSecond: 1_000, attempts: 3 },
        outlier: { failures: 0 },
        throttle: { mode: 'off' },
      };
      const passing = {
        servers: ten({}),
        hops: 3,
        at: [
          [5_000, (world) => world.change({ failing: 1 })],
          [15_000, (world) => world.change({ failing: 0 })],
        ],
      } satisfies Partial<SimulationOptions>;
      const drawn = [
        ['budget and mark', await chain(passing)],
        ['budget, no mark', await chain({ ...passing, marks: false })],
        ['three attempts each', await chain({ ...passing, marks: false, policy: naive })],
      ] as const;
      return {
        figures: [
          count('attempts of one call', down.mostAttempts, exactly(3)),
          { what: 'load, above the floor', value: (down.attempts - floor) / down.calls, unit: '×', most: 1.2 },
          ...leaf,
          {
            what: 'load at the end of 3 hops without the mark',
            value: unmarked.attempts / unmarked.calls,
            unit: '×',
            least: 1.5,
          },
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 5, to: 15, name: 'the last of three services fails' }],
          panels: [
            {
              y: 'attempts at the last, for each call of the first',
              scale: 'log',
              from: 0.9,
              to: 30,
              series: drawn.map(([name, run]) => overTime(name, run, attemptsPerCall, { everyMs: 500, to: seconds })),
            },
          ],
        },
      };
    },
  },
  {
    name: 'circuit',
    shows: 'All of five servers fail for ten seconds; the circuit leaves them in peace.',
    async run(seed) {
      const [SICK, WELL] = [5_000, 15_000];
      await import('../../../src/circuit/breaker.ts'); // a simulation waits for no file
      const run = (mode: 'off' | 'enforce') =>
        ran({
          servers: [{}, {}, {}, {}, {}],
          perSecond: 500,
          seconds: 20,
          seed,
          policy: { circuit: { mode, window: '2s', open: '1s' } },
          at: [
            [SICK, (world) => world.change({ failing: 1 })],
            [WELL, (world) => world.change({ failing: 0 })],
          ],
        });
      const [off, on] = [await run('off'), await run('enforce')];
      const begin = on.events[0]!.at - on.ended[0]!.at;
      const moves = on.events.flatMap((event) =>
        event.type === 'circuit' ? [{ state: event.state, at: event.at - begin }] : [],
      );
      const after = (state: string, move: (typeof moves)[number] | undefined, ms: number) =>
        move?.state === state ? (move.at - ms) / 1_000 : Number.POSITIVE_INFINITY;
      const attempts = ({ asked }: SimulatedStretch) => 4 * asked.reduce((sum, each) => sum + each, 0);
      return {
        figures: [
          percent('attempts that are spared, of the calls meanwhile', (off.attempts - on.attempts) / (500 * 10), {
            least: 75,
          }),
          {
            what: 'from the first failure until it opens',
            value: after('open', moves[0], SICK),
            unit: 's',
            least: 0,
            most: 2,
          },
          {
            what: 'from the end until it is closed',
            value: after('closed', moves.at(-1), WELL),
            unit: 's',
            least: 0,
            most: 1.1,
          },
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 5, to: 15, name: 'all fail' }],
          panels: [
            {
              y: 'attempts a second',
              series: [
                overTime('circuit', on, attempts, { to: 20 }),
                overTime('no circuit', off, attempts, { to: 20 }),
              ],
            },
            {
              y: 'failed calls, %',
              series: [overTime('circuit', on, failed, { to: 20 }), overTime('no circuit', off, failed, { to: 20 })],
            },
          ],
        },
      };
    },
  },
];
