import { parseArgs } from 'node:util';
import type { Bench, Effort } from './kit/bench.ts';
import { machine } from './kit/machine.ts';
import { isMet, type Report, render } from './kit/report.ts';

const benches: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  call: () => import('./call/bench.ts'),
  pick: () => import('./pick/bench.ts'),
  import: () => import('./import/bench.ts'),
  brownout: () => import('./brownout/bench.ts'),
  http: () => import('./http/bench.ts'),
  serve: () => import('./serve/bench.ts'),
  overload: () => import('./overload/bench.ts'),
  telemetry: () => import('./telemetry/bench.ts'),
  registry: () => import('./registry/bench.ts'),
};

const USAGE = `npm run bench -- [${Object.keys(benches).join(' | ')}]... [--json] [--rounds N] [--quick] [--ablate]

  --json      one JSON document instead of tables
  --rounds N  rounds of each contest
  --quick     just enough to see that everything runs
  --ablate    call: also the mesh without each of its filters in turn`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    ablate: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const isBad = unknown.length > 0 || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0));
  if (values.help || isBad) {
    console.error(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const effort: Effort = { rounds, quick: values.quick, ablate: values.ablate };
  const reports: Report[] = [];
  if (!values.json) for (const [name, value] of Object.entries(machine())) console.log(`${name}: ${value}`);
  for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
    const { bench } = await benches[name]!();
    const report = await bench(effort);
    reports.push(report);
    if (!values.json) console.log(`\n${render(report)}`);
  }
  if (values.json) console.log(JSON.stringify({ machine: machine(), reports: reports.map(judged) }, null, 2));
}

const judged = (report: Report) => ({
  ...report,
  targets: report.targets.map((target) => ({ ...target, met: isMet(target) })),
});

await main();
