import { seeded } from '../../../src/core/random.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import type { SimulatedChange, Simulation } from '../../../src/testing.ts';
import { VirtualClock } from '../../../src/testing.ts';
import {
  byQuantile,
  count,
  exactly,
  failed,
  overTime,
  percent,
  ran,
  type Scenario,
  shareOf,
  ten,
} from '../scenario.ts';

const START = new VirtualClock().epoch(); // what the calendar says when a simulation begins

const hangs = (fromMs: number, toMs = 0): SimulatedChange[] => [
  [fromMs, (world) => world.change({ is: 'hanging' }, 0)],
  ...(toMs > 0 ? [[toMs, (world) => world.change({ is: 'up' }, 0)] satisfies SimulatedChange] : []),
];

/** Servers that take calls and do not answer: for ever, for a while, or until a collection of garbage is over. */
export const hanging: readonly Scenario[] = [
  {
    name: 'hanging',
    shows: 'One of ten servers takes calls and never answers, from one moment to the next.',
    async run(seed) {
      const options = { servers: ten({}), perSecond: 500, seconds: 16, seed, at: hangs(5_000) };
      const patient = await ran(options);
      const quick = await ran({ ...options, policy: { attempt: { timeout: '200ms' } } });
      const others = Object.keys(patient.outcomes).filter((outcome) => outcome !== '200' && outcome !== 'deadline');
      const deadline = { timeout: '2s' };
      const turns: PolicySections = { deadline, balance: { picker: 'round-robin' }, outlier: { failures: 0 } };
      const drawn = [
        ['p2c', await ran({ ...options, policy: { deadline } })],
        ['p2c, 200 ms an attempt', await ran({ ...options, policy: { deadline, attempt: { timeout: '200ms' } } })],
        ['round robin', await ran({ ...options, policy: turns })],
      ] as const;
      return {
        figures: [
          percent('success', patient.success, { least: 99.9 }),
          count('calls it holds at once', patient.servers[0]!.peak, { most: 10 }),
          count('calls that end otherwise than well or by their deadline', others.length, exactly(0)),
          percent('success with 200 ms for each attempt', quick.success, exactly(100)),
          { what: 'p99.9 with 200 ms for each attempt', value: quick.quantile(0.999), unit: 'ms', most: 250 },
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 5, to: 16, name: 'one of ten hangs' }],
          panels: [
            {
              y: 'its share of the calls, %',
              series: drawn.map(([name, run]) => overTime(name, run, shareOf(0), { to: 16 })),
            },
            {
              y: 'failed calls, %, by deadlines of 2 s',
              series: drawn.map(([name, run]) => overTime(name, run, failed, { everyMs: 500, to: 16 })),
            },
          ],
        },
      };
    },
  },
  {
    name: 'hanging-no-more',
    shows: 'One of three servers hangs for half a minute.',
    async run(seed) {
      const options = { servers: [{}, {}, {}], perSecond: 100, seconds: 120, seed, warmUpMs: 110_000 };
      const { success, servers } = await ran({ ...options, at: hangs(10_000, 40_000) });
      return {
        figures: [
          percent('success a minute later', success, exactly(100)),
          percent('its share a minute later', servers[0]!.share, { least: 20 }),
        ],
      };
    },
  },
  {
    name: 'checked',
    shows: 'Of few calls some wait in vain for one of ten servers that hangs; active checks find it.',
    async run(seed) {
      const { events, outcomes } = await ran({
        servers: ten({}),
        perSecond: 5,
        seconds: 60,
        seed,
        policy: {
          health: { check: 'http', interval: '5s', timeout: '500ms' },
          balance: { picker: 'round-robin' },
          outlier: { failures: 0 },
        },
        at: hangs(10_000, 40_000),
      });
      const told = events.flatMap((event) =>
        event.type === 'health' && event.at > START + 6_000 ? [{ ...event, s: (event.at - START) / 1_000 }] : [],
      );
      const [found, back, ...more] = told;
      const seconds = (of: typeof found, healthy: boolean, why: string, from: number) =>
        of?.healthy === healthy && of.why === why ? of.s - from : Number.POSITIVE_INFINITY;
      return {
        figures: [
          {
            what: 'found for not answering in time, after',
            value: seconds(found, false, 'no answer in time', 10),
            unit: 's',
            least: 0,
            most: 17,
          },
          { what: 'found well again, after', value: seconds(back, true, 'well', 40), unit: 's', least: 0, most: 8 },
          count('told besides', more.length, exactly(0)),
          count('calls that waited in vain', outcomes.deadline ?? 0, { least: 1, most: 9 }),
        ],
      };
    },
  },
  {
    name: 'lost-probe',
    shows: 'The call that tries an ejected server never comes back; the server is well soon after.',
    async run(seed) {
      const [lease, well] = [10, 14]; // seconds; the call that tries it goes at 12 s, about
      const simulation = await ran({
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
          [well * 1_000, (world) => world.change({ is: 'up' }, 0)],
        ],
      });
      const back = simulation.events.find(({ type }) => type === 'returned')?.at ?? Number.POSITIVE_INFINITY;
      return {
        figures: [
          count('calls that never came back', simulation.outcomes.deadline ?? 0, { least: 1, most: 2 }),
          { what: 'from well to in rotation', value: (back - START) / 1_000 - well, unit: 's', least: 0, most: lease },
        ],
        chart: {
          x: 'seconds',
          spans: [{ from: 2, to: well, name: 'refuses for two seconds, then hangs' }],
          panels: [
            {
              y: 'its share of the calls, %',
              levels: [{ y: 100 / 3, name: 'its part' }],
              series: [overTime('round robin, judged', simulation, shareOf(0), { everyMs: 1_000, to: 50 })],
            },
          ],
        },
      };
    },
  },
  {
    name: 'pauses',
    shows: 'Each of ten servers stands still for 300 ms every few seconds, as in a collection of garbage.',
    async run(seed) {
      const options = { servers: ten({}), perSecond: 500, seconds: 30, seed, at: pausesOf(10, 30, seed) };
      const mesh = await ran(options);
      const few = await ran({ ...options, policy: { balance: { picker: 'least-request' } } });
      const turns = await ran({ ...options, balance: 'round-robin' });
      const hedge = { mode: 'quantile', quantile: 0.95, budget: 0.05 } as const;
      const hedged = await ran({ ...options, policy: { hedge } });
      const beside = (run: Simulation) => long(run) / long(turns);
      return {
        figures: [
          percent('calls that take 100 ms and more', long(mesh), { most: 2.5 }),
          { what: "beside round robin's", value: beside(mesh), unit: '×', most: 0.4 },
          { what: "beside round robin's, hedged", value: beside(hedged), unit: '×', most: 0.1 },
          percent('more load, hedged', hedged.attempts / hedged.calls - 1, { most: 5 }),
          percent('success', mesh.success, exactly(100)),
        ],
        chart: byQuantile({
          p2c: mesh,
          'p2c, hedged': hedged,
          'least-request': few,
          'round robin': turns,
        }),
      };
    },
  },
];

/** The share of the calls that took 100 ms and more. */
const long = ({ ended }: Simulation): number => ended.filter(({ ms }) => ms >= 100).length / ended.length;

/** One of the servers stands still, two or three times a second, each in its turn. */
function pausesOf(servers: number, seconds: number, seed: number): SimulatedChange[] {
  const chance = seeded(seed, 9);
  const changes: SimulatedChange[] = [];
  for (let at = 500, place = 0; at < (seconds - 1) * 1_000; at += 300 + 200 * chance.next(), place++) {
    const which = place % servers;
    changes.push([at, (world) => world.change({ is: 'paused' }, which)]);
    changes.push([at + 300, (world) => world.change({ is: 'up' }, which)]);
  }
  return changes;
}
