import type { Figures, FinalReport } from './messages.ts';
import type { Show } from './show.ts';
import { count, counted, type Line } from './text.ts';

const NAME = 24;
const SIDE = 25; // what is said of one client

/** What it all came to: the same calls with the mesh and without it, phase by phase. */
export function summary(show: Show, phases: readonly string[], mesh: FinalReport, plain: FinalReport): Line[] {
  return [
    [],
    [
      [' '.repeat(NAME + 2)],
      ['with the mesh'.padStart(SIDE), ['bold', 'green']],
      ['round robin'.padStart(SIDE + 3), 'bold'],
    ],
    [[`${' '.repeat(NAME + 2)}${HEAD}   ${HEAD}`, 'dim']],
    ...phases.map((name, at) => row(name, mesh.phases[at]!, plain.phases[at]!)),
    [[`  ${'─'.repeat(NAME + SIDE)}   ${'─'.repeat(SIDE - 1)}`, 'dim']],
    row('all of it', mesh.total, plain.total, 'bold'),
    [],
    [['  The same servers at the same time, 100 calls a second by each client.', 'dim']],
    [['  Round robin takes them in turn and tries once. Milliseconds of calls answered.', 'dim']],
    [],
    ...deeds(show, mesh),
    [],
    verdict(mesh.total, plain.total),
    [],
  ];
}

function deeds({ tallies }: Show, { total, attempts }: FinalReport): Line[] {
  const facts: readonly [name: string, n: number][] = [
    ['calls', total.calls],
    ['failed', total.failed],
    ['attempts', attempts],
    ['retries', tallies.retry],
    ['ejections', tallies.ejected],
    ['returns', tallies.returned],
    ['panics', tallies.panic],
  ];
  const columns = facts.map(([name]) => Math.max(10, name.length + 2));
  return [
    [['  '], ...facts.map(([name], at) => [name.padEnd(columns[at]!), 'dim'] as const)],
    [['  '], ...facts.map(([, n], at) => [count(n).padEnd(columns[at]!), 'bold'] as const)],
  ];
}

function verdict(mesh: Figures, plain: Figures): Line {
  const [mark, colour] = mesh.failed === 0 ? (['✓', 'green'] as const) : (['✕', 'red'] as const);
  return [
    [`  ${mark} ${count(mesh.failed)} of ${count(mesh.calls)} calls failed with the mesh`, ['bold', colour]],
    [`; without it, ${counted(plain.failed, 'call', 'calls')} of ${count(plain.calls)}.`],
  ];
}

const HEAD = `${'failed'.padStart(7)}${'p50'.padStart(6)}${'p90'.padStart(6)}${'p99'.padStart(6)}`;

function row(name: string, mesh: Figures, plain: Figures, style?: 'bold'): Line {
  return [[`  ${name.padEnd(NAME)}`, style], ...side(mesh, style), ['   '], ...side(plain, style)];
}

function side({ failed, p50, p90, p99 }: Figures, style: 'bold' | undefined): Line {
  return [
    [count(failed).padStart(7), failed === 0 ? 'green' : ['bold', 'red']],
    ...[p50, p90, p99].map((ms) => [`${Math.round(ms)}`.padStart(6), style] as const),
  ];
}
