import type { Priority } from '../../src/core/priority.ts';
import { mean, type Outcome, ran, rate, type Scenario, ten, variation } from './scenario.ts';

/** A tenth is critical, two tenths are sheddable. */
const mix = (chance: number): Priority => (chance < 0.1 ? 'critical' : chance < 0.3 ? 'sheddable' : 'default');
const [WORKERS, MEAN_MS] = [8, 10 * Math.exp(0.4 ** 2 / 2)];
const CAPACITY = (WORKERS / MEAN_MS) * 1_000;

/** What happens to all at once: overload, storms, lost zones, large fleets. */
export const fleets: readonly Scenario[] = [
  {
    name: 'retry-storm',
    shows: 'Everything refuses: one service, and a chain of three.',
    async run(seed): Promise<Outcome> {
      const seconds = 20;
      const down = await ran({ servers: ten({ is: 'refusing' }, { is: 'refusing' }), seed, seconds });
      const policy = { retry: { perSecond: 0 }, outlier: { failures: 0 } };
      const failing = { servers: ten({ failing: 1 }, { failing: 1 }), perSecond: 200, seconds, seed, policy };
      const chain = await ran({ ...failing, hops: 3, options: () => ({ method: 'GET' }) });
      const floor = seconds + 10; // one a second, and what was saved before
      const [load, leaf] = [(down.attempts - floor) / down.calls, chain.attempts / chain.calls];
      return {
        figures: [
          { what: 'attempts of one call', value: down.mostAttempts, unit: '', most: 3 },
          { what: 'load, above the floor', value: load, unit: '×', most: 1.2 },
          { what: 'load at the end of three hops', value: leaf, unit: '×', least: 1, most: 1.2 },
        ],
        plot: {
          unit: 'attempts for each call',
          bars: [
            ['one hop', load],
            ['three hops', leaf],
          ],
        },
      };
    },
  },
  {
    name: 'overload',
    shows: 'Three times as many calls as four servers can do; the caller learns its limits.',
    async run(seed): Promise<Outcome> {
      const options = {
        servers: Array.from({ length: 4 }, () => ({ workers: WORKERS / 4 })),
        perSecond: 3 * CAPACITY,
        options: (chance: number) => ({ priority: mix(chance) }),
        seed,
      };
      const deadline = { timeout: '200ms' };
      const limited = await ran({
        ...options,
        policy: { deadline, limit: { endpoint: 1_000, algorithm: 'gradient' } },
      });
      const open = await ran({ ...options, policy: { deadline } });
      const critical = limited.ended.filter(({ at, priority }) => at >= 5_000 && priority === 'critical');
      const good = (100 * rate(limited, 5_000, 10_000)) / CAPACITY;
      return {
        figures: [
          { what: 'goodput of what can be done', value: good, unit: '%', least: 90 },
          {
            what: 'critical calls served',
            value: (100 * critical.filter(({ outcome }) => outcome === '200').length) / critical.length,
            unit: '%',
            least: 99,
          },
        ],
        plot: {
          unit: 'goodput, % of capacity',
          bars: [
            ['limits learnt', good],
            ['no limits', (100 * rate(open, 5_000, 10_000)) / CAPACITY],
          ],
        },
      };
    },
  },
  {
    name: 'latency-step',
    shows: 'One server takes twice as long for five seconds; its learnt limit falls within ten windows, and recovers.',
    async run(seed): Promise<Outcome> {
      const seen: { readonly at: number; readonly limit: number }[] = [];
      const looks = Array.from({ length: 300 }, (_, at) => at * 100 + 50);
      await ran({
        servers: [{ workers: 40, ms: 20, spread: 0.1 }],
        perSecond: 4_000,
        seconds: 30,
        seed,
        policy: { limit: { endpoint: 1_000, algorithm: 'gradient' }, deadline: { timeout: '2s' } },
        at: [
          [10_000, (world) => world.change({ ms: 40 })],
          [15_000, (world) => world.change({ ms: 20 })],
          ...looks.map(
            (at) =>
              [
                at,
                (_: unknown, { clients }: { readonly clients: readonly { snapshot(): Limits }[] }) =>
                  void seen.push({ at, limit: clients[0]!.snapshot().clusters[0]?.endpoints[0]?.limit ?? 0 }),
              ] as const,
          ),
        ],
      });
      const between = (from: number, to: number) =>
        seen.filter(({ at }) => at > from && at <= to).map(({ limit }) => limit);
      const before = mean(between(7_000, 10_000));
      const fallen = Math.min(...between(10_000, 11_200)); // ten windows of 100 ms, and the one that was under way
      const after = mean(between(25_000, 30_000));
      return {
        figures: [
          { what: 'the limit falls by', value: 100 * (1 - fallen / before), unit: '%', least: 40 },
          { what: 'and comes back to', value: (100 * after) / before, unit: '%', least: 85 },
        ],
        plot: {
          unit: 'calls under way at most',
          bars: [
            ['before', before],
            ['within ten windows', fallen],
            ['after', after],
          ],
        },
      };
    },
  },
  {
    name: 'zone-loss',
    shows: 'Our zone loses half of its ten servers; ten more stand in another.',
    async run(seed): Promise<Outcome> {
      const zone = (name: string) => Array.from({ length: 10 }, () => ({ zone: name }));
      const { servers, success } = await ran({
        servers: [...zone('a'), ...zone('b')],
        zone: 'a',
        seed,
        seconds: 20,
        policy: { outlier: { ejection: '5m' } },
        at: [[2_000, (world) => world.change({ is: 'refusing' }, 0, 1, 2, 3, 4)]],
        warmUpMs: 10_000,
      });
      const kept = 100 * servers.slice(0, 10).reduce((sum, { share }) => sum + share, 0);
      return {
        figures: [
          { what: 'our zone keeps (Envoy: 70)', value: kept, unit: '%', least: 68, most: 72 },
          { what: 'success', value: 100 * success, unit: '%', least: 99.9 },
        ],
        plot: {
          unit: 'share of the calls, %',
          bars: [
            ['our zone', kept],
            ['the other', 100 - kept],
          ],
        },
      };
    },
  },
  {
    name: 'large-fleet',
    shows: '100 clients call 100 servers, at most 20 each.',
    async run(seed): Promise<Outcome> {
      const spread = async (mode: 'ring' | 'rendezvous') => {
        const { servers } = await ran({
          servers: Array.from({ length: 100 }, () => ({})),
          clients: 100,
          perSecond: 2_000,
          seconds: 17,
          warmUpMs: 7_000,
          policy: { aperture: { mode, size: 20, above: 20 }, balance: { picker: 'weighted-round-robin' } },
          seed,
        });
        return variation(servers.map(({ asked }) => asked));
      };
      const [ring, rendezvous] = [await spread('ring'), await spread('rendezvous')];
      return {
        figures: [
          { what: 'variation of load, aperture', value: ring, unit: '', most: 0.05 },
          { what: 'variation of load, rendezvous', value: rendezvous, unit: '', most: 0.35 },
        ],
        plot: {
          unit: 'coefficient of variation',
          bars: [
            ['aperture', ring],
            ['rendezvous', rendezvous],
          ],
        },
      };
    },
  },
  {
    name: 'shared-quota',
    shows: '100 calls a second for 1, then 2, then 4 instances together, from 2 s after each change.',
    async run(seed): Promise<Outcome> {
      const simulation = await ran({
        servers: ten({}),
        clients: 1,
        perSecond: 400,
        seconds: 36,
        policy: { quota: { calls: [{ rate: '100/s', share: 'fleet' }] } },
        at: [
          [12_000, (_, fleet) => fleet.join(1)],
          [24_000, (_, fleet) => fleet.join(2)],
        ],
        seed,
      });
      const bars = [1, 2, 4].map(
        (of, at) => [`${of}`, rate(simulation, at * 12_000 + 2_000, at * 12_000 + 12_000)] as const,
      );
      return {
        figures: bars.map(([of, value]) => ({
          what: `calls a second, instances: ${of}`,
          value,
          unit: '',
          least: 95,
          most: 105,
        })),
        plot: { unit: 'calls a second', bars: bars.map(([of, value]) => [`instances: ${of}`, value]) },
      };
    },
  },
  {
    name: 'deploy',
    shows: 'Ten servers are replaced one by one, a second each; those that leave refuse half a second later.',
    async run(seed): Promise<Outcome> {
      const { success, attempts, calls } = await ran({
        servers: ten({}),
        clients: 5,
        seconds: 14,
        seed,
        at: Array.from({ length: 10 }, (_, at) => [
          [
            (at + 1) * 1_000,
            (world: { add(of: object): unknown; remove(server: never): void; servers: readonly unknown[] }) => {
              world.add({});
              world.remove(world.servers[at] as never);
            },
          ] as const,
          [
            (at + 1) * 1_000 + 500,
            (world: { change(to: { is: 'refusing' }, at: number): void }) => world.change({ is: 'refusing' }, at),
          ] as const,
        ]).flat(),
      });
      return {
        figures: [
          { what: 'success', value: 100 * success, unit: '%', least: 100 },
          { what: 'more load', value: 100 * (attempts / calls - 1), unit: '%', most: 0.5 },
        ],
        plot: { unit: '%', bars: [['calls that succeeded', 100 * success]] },
      };
    },
  },
];

interface Limits {
  readonly clusters: readonly { readonly endpoints: readonly { readonly limit: number | null }[] }[];
}
