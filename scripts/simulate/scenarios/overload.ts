import type { Priority } from '../../../src/core/priority.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import type { ServerOptions, SimulatedStretch, Simulation, SimulationOptions } from '../../../src/testing.ts';
import type { Point, Series } from '../draw/chart.ts';
import { count, every, type Figure, mean, overTime, p99, percent, ran, rate, type Scenario } from '../scenario.ts';

/** A tenth is critical, two tenths are sheddable. */
const mix = (chance: number): Priority => (chance < 0.1 ? 'critical' : chance < 0.3 ? 'sheddable' : 'default');
const [WORKERS, MEAN_MS] = [8, 10 * Math.exp(0.4 ** 2 / 2)]; // of all servers together
const CAPACITY = (WORKERS / MEAN_MS) * 1_000;
const DEADLINE = { deadline: { timeout: '200ms' } } as const;
const LEARNT: PolicySections = { ...DEADLINE, limit: { endpoint: 1_000, algorithm: 'gradient' } };

/** Nothing but the call: no retries, nobody is judged. What is left is what the servers do. */
const PLAIN: PolicySections = {
  ...DEADLINE,
  retry: { attempts: 1 },
  outlier: { failures: 0 },
  throttle: { mode: 'off' },
};

/** Servers of eight workers together, that work on whatever they were asked although nobody waits for it any more. */
const busy = (count: number, more: ServerOptions = {}): ServerOptions[] =>
  Array.from({ length: count }, () => ({ workers: WORKERS / count, heedless: true, ...more }));

const overloaded = (options: Omit<SimulationOptions, 'options'>) =>
  ran({ perSecond: 3 * CAPACITY, options: (chance) => ({ priority: mix(chance) }), ...options });

/** What was served, of what can be done and of each priority. */
function served(run: Simulation, what: string, from = 5_000, to = 10_000): Figure[] {
  const share = (priority: Priority) => {
    const some = run.ended.filter((call) => call.at >= from && call.at < to && call.priority === priority);
    return some.filter(({ outcome }) => outcome === '200').length / some.length;
  };
  return [
    percent(`goodput${what}`, rate(run, from, to) / CAPACITY, { least: 90 }),
    percent(`critical calls served${what}`, share('critical'), { least: 99 }),
    percent(`more of the default than of the sheddable${what}`, share('default') - share('sheddable'), { least: 0.01 }),
  ];
}

/** More calls than servers can do. */
export const overload: readonly Scenario[] = [
  {
    name: 'overload',
    shows: 'Three times as many calls as four servers can do; the caller learns its limits.',
    async run(seed) {
      const learnt = await overloaded({ servers: busy(4, { heedless: false }), policy: LEARNT, seed });
      const aimd = await overloaded({
        servers: busy(4, { heedless: false }),
        policy: { ...DEADLINE, limit: { endpoint: 1_000, algorithm: 'aimd' } },
        seed,
      });
      const both = await overloaded({
        servers: busy(4),
        policy: DEADLINE,
        inbound: { shed: { mode: 'enforce', algorithm: 'gradient' } },
        seed,
      });
      const [FROM, TO, END] = [5, 15, 25];
      const surge = {
        servers: busy(4),
        perSecond: (ms: number) => (ms >= FROM * 1_000 && ms < TO * 1_000 ? 3 : 0.7) * CAPACITY,
        seconds: END,
        seed,
      };
      const limited = await overloaded({ ...surge, policy: LEARNT });
      const open = await overloaded({ ...surge, policy: { ...DEADLINE, throttle: { mode: 'off' } } });
      const goodput = ({ succeeded }: SimulatedStretch) => succeeded * 2;
      const line = { everyMs: 500, to: END };
      return {
        figures: [
          ...served(learnt, ''),
          ...served(both, ', where servers learn it'),
          percent('goodput, learnt by aimd, from timeouts alone', rate(aimd, 5_000, 10_000) / CAPACITY, { least: 50 }),
          percent('goodput without limits', rate(open, 7_000, 15_000) / CAPACITY, { most: 75 }),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: FROM, to: TO, name: 'three times what four servers can do' }],
          panels: [
            {
              y: 'calls a second answered in time',
              levels: [{ y: CAPACITY, name: 'what can be done' }],
              series: [
                overTime('limits learnt', limited, goodput, line),
                overTime('no limits', open, goodput, line),
                overTime('offered', limited, ({ made }) => made * 2, line),
              ],
            },
            { y: 'answered in time, % of each priority, limits learnt', series: byPriority(limited, END) },
          ],
        },
      };
    },
  },
  {
    name: 'overload-inbound',
    shows: 'One instance is asked for three times what it can do, by callers who wait a fifth of a second.',
    async run(seed) {
      const run = (inbound: PolicySections | undefined) =>
        overloaded({ servers: busy(1), policy: PLAIN, seed, ...(inbound && { inbound }) });
      const figures: Figure[] = [];
      const lines: Series[] = [];
      for (const algorithm of ['gradient', 'gradient2', 'vegas', 'aimd'] as const) {
        const simulation = await run({ shed: { mode: 'enforce', algorithm } });
        figures.push(...served(simulation, `, ${algorithm}`));
        lines.push(overTime(algorithm, simulation, goodputOf, { everyMs: 500, to: 10 }));
      }
      const open = await run({});
      figures.push(percent('goodput of one that refuses nothing', rate(open, 5_000, 10_000) / CAPACITY, { most: 10 }));
      return {
        figures,
        chart: {
          x: 'seconds',
          panels: [
            {
              y: 'calls answered in time, % of what can be done',
              series: [...lines, overTime('refuses nothing', open, goodputOf, { everyMs: 500, to: 10 })],
            },
          ],
        },
      };
    },
  },
  {
    name: 'latency-step',
    shows: 'One server takes twice as long for five seconds; its learnt limit falls within ten windows, and recovers.',
    async run(seed) {
      const [STEP, BACK, END] = [10, 15, 30];
      const options = { servers: [{ workers: 40, ms: 20, spread: 0.1 }], seed };
      const changes = [
        [STEP * 1_000, (world) => world.change({ ms: 40 })],
        [BACK * 1_000, (world) => world.change({ ms: 20 })],
      ] satisfies SimulationOptions['at'];
      const limits = async (
        algorithm: 'gradient' | 'gradient2' | 'vegas' | 'aimd',
        seconds: number,
      ): Promise<Series> => {
        const points: Point[] = [];
        await ran({
          ...options,
          seconds,
          perSecond: 4_000,
          policy: { limit: { endpoint: 1_000, algorithm }, deadline: { timeout: '2s' } },
          at: [
            ...changes,
            ...every(100, seconds, (_, { clients }) => {
              const limit = clients[0]!.snapshot().clusters[0]?.endpoints[0]?.limit;
              points.push([(points.length + 1) / 10, limit ?? Number.NaN]);
            }),
          ],
        });
        return { name: algorithm, points };
      };
      const seen = await limits('gradient', END);
      const others = [await limits('gradient2', 20), await limits('vegas', 20), await limits('aimd', 20)];
      const less = { ...options, seconds: 25, perSecond: 1_500, at: changes }; // of the 2,000 that can be done, and 1,000 meanwhile
      const timeout = { deadline: { timeout: '2s' } };
      const within = await ran({ ...less, policy: { ...timeout, limit: { endpoint: 1_000, algorithm: 'gradient' } } });
      const open = await ran({ ...less, policy: timeout });
      const between = ({ points }: Series, from: number, to: number) =>
        points.filter(([at]) => at > from && at <= to).map(([, limit]) => limit);
      const before = (series: Series) => mean(between(series, STEP - 3, STEP));
      // Ten windows of 100 ms, and the one that was under way.
      const falls = (series: Series) => 1 - Math.min(...between(series, STEP, STEP + 1.2)) / before(series);
      const after = mean(between(seen, END - 5, END));
      const latency = { everyMs: 500, to: END };
      return {
        figures: [
          count('the limit before', before(seen), { least: 40, most: 80 }),
          percent('it falls by', falls(seen), { least: 40 }),
          percent('and comes back to', after / before(seen), { least: 85 }),
          ...others.map((series) => percent(`${series.name} falls by`, falls(series), { most: 60 })),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: STEP, to: BACK, name: 'takes twice as long' }],
          panels: [
            { y: 'calls that may be under way, asked for 4,000 a second', series: [seen, ...others] },
            {
              y: 'p99 of what is answered, ms, asked for 1,500 a second',
              scale: 'log',
              series: [overTime('gradient', within, p99, latency), overTime('no limit', open, p99, latency)],
            },
          ],
        },
      };
    },
  },
  {
    name: 'metastable',
    shows:
      'A stall of three seconds at three quarters of the load that servers can do; callers wait 200 ms an attempt.',
    async run(seed) {
      const options = {
        servers: busy(4),
        perSecond: 0.75 * CAPACITY,
        seconds: 30,
        seed,
        at: [
          [8_000, (world) => world.change({ ms: 60 })],
          [11_000, (world) => world.change({ ms: 10 })],
        ],
      } satisfies SimulationOptions;
      const patience = { deadline: { timeout: '1s' }, attempt: { timeout: '200ms' } } as const;
      const eager = {
        retry: { attempts: 4, budget: 1, perSecond: 1_000 },
        outlier: { failures: 0 },
        throttle: { mode: 'off' },
      } as const;
      const naive = await ran({ ...options, policy: { ...patience, ...eager } });
      const usual = await ran({ ...options, policy: patience });
      const guarded = await ran({
        ...options,
        policy: { ...patience, limit: { endpoint: 1_000, algorithm: 'gradient' } },
      });
      const defaults = await ran({ ...options, policy: {} });
      const drawn = [
        ['budget and limits', guarded],
        ['the defaults: 10 s for a call', defaults],
        ['budget', usual],
        ['four attempts each', naive],
      ] as const;
      const line = { everyMs: 500, to: 30 };
      const attempts = ({ asked }: SimulatedStretch) => 2 * asked.reduce((sum, each) => sum + each, 0);
      return {
        figures: [
          percent('success ten seconds after, budget and limits', good(guarded, 21_000, 30_000), { least: 99.9 }),
          percent('success ten seconds after, the defaults', good(defaults, 21_000, 30_000), { least: 99.9 }),
          percent('success ten seconds after, four attempts each', good(naive, 21_000, 30_000), { most: 20 }),
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 8, to: 11, name: 'six times slower' }],
          panels: [
            {
              y: 'calls a second that succeed',
              series: drawn.map(([name, run]) => overTime(name, run, ({ succeeded }) => 2 * succeeded, line)),
            },
            {
              y: 'attempts a second',
              levels: [{ y: CAPACITY, name: 'what can be done' }],
              series: drawn.map(([name, run]) => overTime(name, run, attempts, line)),
            },
          ],
        },
      };
    },
  },
];

const goodputOf = ({ succeeded }: SimulatedStretch): number => (100 * 2 * succeeded) / CAPACITY;

function good({ ended }: Simulation, from: number, to: number): number {
  const some = ended.filter(({ at }) => at >= from && at < to);
  return some.filter(({ outcome }) => outcome === '200').length / some.length;
}

/** Of the calls of each priority made in each half second, those that were answered in time. */
function byPriority({ ended }: Simulation, seconds: number): Series[] {
  return (['critical', 'default', 'sheddable'] as const).map((priority) => ({
    name: priority,
    points: Array.from({ length: seconds * 2 }, (_, turn): Point => {
      const some = ended.filter((call) => call.priority === priority && Math.floor(call.at / 500) === turn);
      return [turn / 2 + 0.25, (100 * some.filter(({ outcome }) => outcome === '200').length) / some.length];
    }),
  }));
}
