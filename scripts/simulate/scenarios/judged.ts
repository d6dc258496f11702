import type { PolicySections } from '../../../src/policy/table.ts';
import { count, countOf, failed, overTime, percent, ran, type Scenario, shareOf, ten } from '../scenario.ts';

/** A picker that learns nothing, no retries: what is left is what judging endpoints does. */
const BARE: PolicySections = { retry: { attempts: 1 }, balance: { picker: 'round-robin' } };
const SECONDS = 90;

/** One of ten that fails a quarter of its calls, which is seldom five in a row. */
const oneFails = (seed: number, policy: PolicySections, warmUpMs = 30_000) =>
  ran({
    servers: ten({ failing: 0.25 }),
    policy: { ...BARE, ...policy },
    perSecond: 200,
    seconds: SECONDS,
    warmUpMs,
    seed,
  });

/** What judging endpoints does where the picker sees nothing. */
export const judged: readonly Scenario[] = [
  {
    name: 'success-rate',
    shows: 'One of ten servers fails a quarter of its calls; round robin goes by what outlier detection says.',
    async run(seed) {
      const rate = await oneFails(seed, { outlier: { successRate: 0.8 } });
      const fleet = await oneFails(seed, { fleet: { interval: '10s' } });
      const shadow = await oneFails(seed, { outlier: { enforce: 0 }, fleet: { interval: '10s' } });
      const told = shadow.events.filter((event) => event.type === 'ejected');
      const drawn = [
        ['its success rate', await oneFails(seed, { outlier: { successRate: 0.8 } }, 0)],
        ['beside its fleet', await oneFails(seed, { fleet: { interval: '10s' } }, 0)],
        ['five in a row', await oneFails(seed, {}, 0)],
      ] as const;
      const line = { everyMs: 2_000, to: SECONDS };
      return {
        figures: [
          percent('its share, judged by its rate', rate.servers[0]!.share, { most: 3 }),
          percent('success, judged by its rate', rate.success, { least: 99.3 }),
          percent('the least share of the others', Math.min(...rate.servers.slice(1).map(({ share }) => share)), {
            least: 10,
          }),
          percent('its share, judged by its fleet', fleet.servers[0]!.share, { most: 5 }),
          percent('success, judged by its fleet', fleet.success, { least: 99 }),
          percent('its share in shadow mode', shadow.servers[0]!.share, { least: 9.9, most: 10.1 }),
          count('told in shadow mode', told.filter(({ why }) => why === 'fleet').length, { least: 1 }),
          count('of which enforced', told.filter(({ enforced }) => enforced).length, { most: 0 }),
        ],
        chart: {
          x: 'seconds',
          panels: [
            {
              y: 'share of the one that fails, %',
              levels: [{ y: 10, name: 'its part' }],
              series: drawn.map(([name, run]) => overTime(name, run, shareOf(0), line)),
            },
            { y: 'failed calls, %', series: drawn.map(([name, run]) => overTime(name, run, failed, line)) },
          ],
        },
      };
    },
  },
  {
    name: 'flapping',
    shows: 'One of ten servers is up for two seconds and refuses for two, over and over.',
    async run(seed) {
      const flaps = Array.from(
        { length: 20 },
        (_, turn) =>
          [
            (turn + 1) * 2_000,
            (world: Parameters<NonNullable<Parameters<typeof ran>[0]['at']>[number][1]>[0]) =>
              world.change({ is: turn % 2 === 0 ? 'refusing' : 'up' }, 0),
          ] as const,
      );
      const options = { servers: ten({}), seconds: 44, perSecond: 500, at: flaps, seed };
      const mesh = await ran(options);
      const bare = await ran({ ...options, policy: { ...BARE, outlier: { failures: 0 } } });
      const judged = await ran({ ...options, policy: BARE });
      const drawn = [
        ['the defaults', mesh],
        ['round robin, judged', judged],
        ['round robin', bare],
      ] as const;
      return {
        figures: [
          percent('success', mesh.success, { least: 99.99 }),
          percent('more load', mesh.attempts / mesh.calls - 1, { most: 0.5 }),
          percent('success of round robin, judged', judged.success, { least: 99.5 }),
          count('times it is put out', countOf(judged, 'ejected'), { least: 1, most: 20 }),
          percent('success of round robin', bare.success, { most: 96 }),
        ],
        chart: {
          x: 'seconds',
          spans: Array.from({ length: 10 }, (_, turn) => ({
            from: turn * 4 + 2,
            to: turn * 4 + 4,
            name: turn === 0 ? 'refuses' : '',
          })),
          panels: [
            {
              y: 'failed calls, %',
              series: drawn.map(([name, run]) => overTime(name, run, failed, { everyMs: 500, to: 44 })),
            },
            {
              y: 'its share of the attempts, %',
              series: drawn.map(([name, run]) => overTime(name, run, shareOf(0), { everyMs: 500, to: 44 })),
            },
          ],
        },
      };
    },
  },
];
