import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { svg } from './simulate/draw/svg.ts';
import { SEED, short, wanted, write } from './simulate/report.ts';
import { type Figure, holds, type Outcome } from './simulate/scenario.ts';
import { scenarios } from './simulate/scenarios.ts';

const USAGE = `npm run simulate -- [scenario]... [--seed N] [--json] [--out folder] [--write]

Runs bad days of a fleet in virtual time, all of them unless some are named, and says whether each figure is as it has to
be. Ends with 1 when one is not.

  --seed N      another way of the same days; ${SEED} unless told
  --json        figures and the points of all pictures, for programs
  --out folder  draws pictures there
  --write       writes docs/plots, docs/simulations.md and the figures in other docs

Scenarios: ${scenarios.map(({ name }) => name).join(', ')}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(SEED) },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const problem = mistake();
  if (problem !== undefined || values.help) {
    console.error(problem === undefined ? USAGE : `${problem}\n\n${USAGE}`);
    return values.help ? 0 : 2;
  }
  const seed = Number(values.seed);
  const outcomes = new Map<string, Outcome>();
  if (values.out !== undefined) await mkdir(values.out, { recursive: true });
  for (const { name, shows, run } of scenarios.filter(({ name }) => wants(name))) {
    const outcome = await run(seed);
    outcomes.set(name, outcome);
    if (!values.json) console.log([`\n${name}: ${shows}`, ...outcome.figures.map(line)].join('\n'));
    if (values.out !== undefined && outcome.chart !== undefined) {
      await writeFile(join(values.out, `${name}.svg`), svg(shows, outcome.chart));
    }
  }
  if (values.json) {
    const all = scenarios
      .filter(({ name }) => wants(name))
      .map(({ name, shows }) => ({ name, shows, ...outcomes.get(name) }));
    console.log(JSON.stringify({ seed, scenarios: all }, null, 2));
  }
  if (values.write) await write(scenarios, outcomes);
  const missed = [...outcomes].filter(([, { figures }]) => !figures.every(holds)).map(([name]) => name);
  if (missed.length > 0) console.error(`\nseed ${seed}: ${missed.join(', ')} missed what has to be`);
  return missed.length > 0 ? 1 : 0;
}

function mistake(): string | undefined {
  const unknown = positionals.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) return `no such scenario '${unknown}'`;
  if (!/^\d+$/.test(values.seed)) return `--seed must be a whole number, got '${values.seed}'`;
  if (values.write && (positionals.length > 0 || Number(values.seed) !== SEED)) {
    return `--write shows all scenarios with seed ${SEED}`;
  }
  return undefined;
}

const wants = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

const line = (figure: Figure): string =>
  `  ${holds(figure) ? 'ok    ' : 'MISSED'}  ${figure.what.padEnd(58)} ${short(figure).padEnd(12)} ${wanted(figure)}`;

process.exitCode = await main();
