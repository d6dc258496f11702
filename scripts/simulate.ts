import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { short, svg } from './simulate/plot.ts';
import { type Figure, holds } from './simulate/scenario.ts';
import { scenarios } from './simulate/scenarios.ts';

const USAGE = `npm run simulate -- [${scenarios.map(({ name }) => name).join(' | ')}]... [--seed N] [--json] [--out folder]`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

async function main(): Promise<number> {
  const seed = Number(values.seed);
  const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0 || !Number.isInteger(seed)) {
    console.error(USAGE);
    return 2;
  }
  const all: object[] = [];
  let missed = 0;
  if (values.out !== undefined) await mkdir(values.out, { recursive: true });
  for (const scenario of scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const { figures, plot } = await scenario.run(seed);
    missed += figures.filter((figure) => !holds(figure)).length;
    all.push({ scenario: scenario.name, shows: scenario.shows, figures, plot });
    if (!values.json) console.log([`\n${scenario.name}: ${scenario.shows}`, ...figures.map(line)].join('\n'));
    if (values.out !== undefined) await writeFile(join(values.out, `${scenario.name}.svg`), svg(scenario, plot));
  }
  if (values.json) console.log(JSON.stringify({ seed, scenarios: all }, null, 2));
  return missed > 0 ? 1 : 0;
}

function line(figure: Figure): string {
  const { what, value, unit, least, most } = figure;
  const wanted = [...(least === undefined ? [] : [`≥ ${least}`]), ...(most === undefined ? [] : [`≤ ${most}`])];
  return `  ${holds(figure) ? 'ok    ' : 'MISSED'}  ${what.padEnd(34)} ${`${short(value)} ${unit}`.padEnd(12)} ${wanted.join(', ')}`;
}

process.exitCode = await main();
