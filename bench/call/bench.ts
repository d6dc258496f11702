import { type Bench, roundsOf } from '../kit/bench.ts';
import { hold, type Results } from '../kit/contest.ts';
import { ROOM } from '../kit/measure.ts';
import type { Table, Target } from '../kit/report.ts';
import { ON } from './filters.ts';
import { SLOTS } from './meshes.ts';

const FLOOR = 'bare';
const MESH = 'mesh, defaults';
const STACK = 'p-limit + p-retry + opossum';
const WORKING = [
  FLOOR,
  'bare, twin',
  'mesh, every filter off',
  MESH,
  'mesh, and headers that are read',
  'mesh, and a timeout per attempt',
  'opossum alone',
  'cockatiel, breaker alone',
  'cockatiel, all but timeout',
  'cockatiel, all',
  STACK,
];
const NOTHING = 'mesh with nothing';
const WITH = Object.keys(ON).map((name) => `mesh with ${name}`);
const FAILING = [
  'bare, failing',
  'mesh, failing',
  'mesh, failing, 10,000 calls before',
  'cockatiel breaker, failing',
  'opossum, failing',
  'opossum, failing, 10,000 calls before',
  'mesh, no endpoints',
  'opossum, open',
  'cockatiel, open',
];

/** What the mesh costs a call that does nothing at all, against what else people put around theirs. */
export const bench: Bench = async (effort) => {
  const names = effort.ablate ? [...WORKING, ...SLOTS.map((slot) => `mesh without ${slot}`)] : WORKING;
  const ms = effort.quick ? 20 : 60;
  const contest = { bench: 'call', rounds: roundsOf(effort, 30), warmups: effort.quick ? 2 : 10 };
  const time = await hold({ ...contest, names, task: { ms } });
  const heap = await hold({ ...contest, names, task: { operations: 50_000 }, rounds: 5, warmups: 5, flags: ROOM });
  const filters = await hold({ ...contest, names: WITH, task: { ms: ms / 2 }, rounds: roundsOf(effort, 15) });
  const failures = await hold({
    ...contest,
    names: FAILING,
    task: (name) => ({ ms: ms / 2, before: name.endsWith('before') ? 10_000 : 0 }),
    rounds: roundsOf(effort, 15),
  });
  return {
    bench: 'call',
    about:
      'A call of an async function that returns at once: what is around it is all there is. Sequential; processor time, garbage collection included; lower quartiles over the rounds.',
    tables: [working(time, heap), switchedOn(filters), failing(failures)],
    targets: targets(time, heap, failures),
  };
};

const working = (time: Results, heap: Results): Table => ({
  title: 'a call that works',
  columns: ['ns', 'ns over bare', 'x stack of three', 'B over bare', 'waited %'],
  rows: time.names.map((name) => [
    name,
    time.calm(name, 'cpuNs'),
    over(time, name, 'cpuNs'),
    time.ratio(name, STACK, 'cpuNs'),
    over(heap, name, 'bytes'),
    time.median(name, 'waiting') * 100,
  ]),
});

const switchedOn = (filters: Results): Table => ({
  title: 'a GET that works, with one filter more than the defaults',
  columns: ['ns', 'ns over the defaults'],
  rows: filters.names.map((name) => [
    name,
    filters.calm(name, 'cpuNs'),
    filters.calm(name, 'cpuNs') - filters.calm(NOTHING, 'cpuNs'),
  ]),
});

const failing = (failures: Results): Table => ({
  title: 'a call that fails, or is refused',
  columns: ['ns', 'x bare'],
  rows: failures.names.map((name) => [
    name,
    failures.calm(name, 'cpuNs'),
    failures.ratio(name, 'bare, failing', 'cpuNs'),
  ]),
});

const targets = (time: Results, heap: Results, failures: Results): Target[] => [
  { what: 'defaults, over a bare call', figure: over(time, MESH, 'cpuNs') / 1_000, limit: 1, unit: ' µs' },
  { what: 'defaults, over a bare call', figure: over(heap, MESH, 'bytes') / 1_000, limit: 2.5, unit: ' kB' },
  { what: `defaults, beside ${STACK}`, figure: time.ratio(MESH, STACK, 'cpuNs'), limit: 0.5, unit: ' x' },
  {
    what: 'failing after 10,000 calls, beside failing after none',
    figure: failures.ratio('mesh, failing, 10,000 calls before', 'mesh, failing', 'cpuNs'),
    limit: 1.2,
    unit: ' x',
  },
  { what: 'a refusal', figure: failures.calm('mesh, no endpoints', 'cpuNs') / 1_000, limit: 1.5, unit: ' µs' },
];

const over = (results: Results, name: string, figure: string): number =>
  results.calm(name, figure) - results.calm(FLOOR, figure);
