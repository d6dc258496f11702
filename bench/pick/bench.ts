import { type Bench, roundsOf } from '../kit/bench.ts';
import { hold } from '../kit/contest.ts';
import { ROOM } from '../kit/measure.ts';
import type { Target } from '../kit/report.ts';
import { COUNTS } from './competitors.ts';
import { ways } from './modes.ts';

const MOST = COUNTS.at(-1)!;
const LEAST = COUNTS[0]!;

/** What choosing an endpoint costs, and what it costs when the list changes. */
export const bench: Bench = async (effort) => {
  const names = COUNTS.flatMap((count) =>
    [`pick ${count}`, `pick ${count}, twin`, `pick ${count}, weights`].concat(
      ['change', 'diff'].flatMap((what) => [`${what} ${count}`, `${what} ${count}, weights`]),
    ),
  );
  const ms = effort.quick ? 10 : 40;
  const results = await hold({ bench: 'pick', names, task: { ms }, rounds: roundsOf(effort, 15), warmups: 4 });
  const picked = await hold({ bench: 'pick', names: ways, task: { ms }, rounds: roundsOf(effort, 9), warmups: 2 });
  const kept = await hold({
    bench: 'pick',
    names: COUNTS.map((count) => `keep ${count}`),
    task: {},
    rounds: 3,
    warmups: 1,
    flags: ['--expose-gc'],
  });
  const left = await hold({
    bench: 'pick',
    names: ways.map((name) => `bytes ${name}`),
    task: {},
    rounds: 3,
    warmups: 1,
    flags: ROOM,
  });
  const leaves = (name: string): number => Math.max(0, left.median(`bytes ${name}`, 'bytes'));
  const ns = (name: string): number => results.calm(name, 'cpuNs');
  const bytes = (count: number): number => kept.median(`keep ${count}`, 'bytes');
  const targets: Target[] = [
    {
      what: 'a pick, at any size',
      figure: Math.max(...COUNTS.map((count) => ns(`pick ${count}`))),
      limit: 150,
      unit: ' ns',
    },
    {
      what: `a pick among ${MOST}, beside one among ${LEAST}`,
      figure: results.ratio(`pick ${MOST}`, `pick ${LEAST}`, 'cpuNs'),
      limit: 2,
      unit: ' x',
    },
    { what: `one of ${MOST} changes`, figure: ns(`change ${MOST}`) / 1_000, limit: 10, unit: ' µs' },
    {
      what: `one of ${MOST} changes, weights differ`,
      figure: ns(`change ${MOST}, weights`) / 1_000,
      limit: 10,
      unit: ' µs',
    },
    { what: `a whole list of ${MOST} is compared`, figure: ns(`diff ${MOST}`) / 1e6, limit: 5, unit: ' ms' },
    { what: 'a pick of any kind leaves', figure: Math.max(...ways.map(leaves)), limit: 1, unit: ' B' },
    { what: 'an idle endpoint', figure: bytes(MOST), limit: 512, unit: ' B' },
    { what: `timers for ${MOST} endpoints`, figure: kept.median(`keep ${MOST}`, 'resources'), limit: 0, unit: '' },
  ];
  return {
    bench: 'pick',
    about:
      'Choosing among endpoints with 64 calls under way: pick, begin, end and learn. A change takes one endpoint off the list or puts it back; a diff compares a whole list of which 1 % is new. Processor time, lower quartiles.',
    tables: [
      {
        title: 'endpoints',
        columns: [
          'pick ns',
          'twin ns',
          'weights differ ns',
          'change µs',
          'weights differ µs',
          'diff ms',
          'kept B each',
        ],
        rows: COUNTS.map((count) => [
          String(count),
          ns(`pick ${count}`),
          ns(`pick ${count}, twin`),
          ns(`pick ${count}, weights`),
          ns(`change ${count}`) / 1_000,
          ns(`change ${count}, weights`) / 1_000,
          ns(`diff ${count}`) / 1e6,
          bytes(count),
        ]),
      },
      {
        title: 'of 100 endpoints, as a call picks',
        columns: ['ns', 'beside p2c', 'left B'],
        rows: ways.map((name) => [name, picked.calm(name, 'cpuNs'), picked.ratio(name, 'p2c', 'cpuNs'), leaves(name)]),
      },
    ],
    targets,
  };
};
