import { type Bench, roundsOf } from '../kit/bench.ts';
import { holdAll, type Results } from '../kit/contest.ts';
import type { Target } from '../kit/report.ts';

const FLOOR = 'bare';
const MESH = 'mesh, defaults';
const NAMES = [FLOOR, 'bare, twin', MESH, 'cockatiel, breaker alone', 'opossum, defaults'];
const SHARES = [0, 0.01, 0.1];

/** What is around a call must not become the outage when the service called is half of one. */
export const bench: Bench = async (effort) => {
  const ms = effort.quick ? 500 : 5_000;
  const rounds = roundsOf(effort, 3);
  const tasks = SHARES.map((failing) => ({ ms, failing }));
  const results = await holdAll({ bench: 'brownout', names: NAMES, tasks, rounds, warmups: 0 });
  const shares = SHARES.map((share) => `${share * 100} % failing`);
  return {
    bench: 'brownout',
    about:
      '5,000 calls a second, of which some fail at once. Processor time as a share of one core, and how late the event loop runs (99th percentile, worst).',
    tables: results.map((result, at) => ({
      title: shares[at]!,
      columns: ['cpu %', 'over bare %', 'delay p99 ms', 'worst ms'],
      rows: result.names.map((name) => [
        name,
        result.calm(name, 'cpuPercent'),
        over(result, name),
        result.calm(name, 'delayP99Ms'),
        result.calm(name, 'delayMaxMs'),
      ]),
    })),
    targets: results.flatMap((result, at) => targets(result, shares[at]!)),
  };
};

const targets = (result: Results, share: string): Target[] => [
  { what: `${share}: processor time over bare`, figure: over(result, MESH), limit: 3, unit: ' %' },
  {
    what: `${share}: event-loop delay p99, beside bare`,
    figure: result.calm(MESH, 'delayP99Ms') / result.calm(FLOOR, 'delayP99Ms'),
    limit: 2,
    unit: ' x',
  },
];

const over = (result: Results, name: string): number =>
  result.calm(name, 'cpuPercent') - result.calm(FLOOR, 'cpuPercent');
