import { glob, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../run.ts';
import { svg } from './draw/svg.ts';
import type { Figure, Outcome, Scenario } from './scenario.ts';
import { groups } from './scenarios.ts';

/** The page that shows every scenario. */
export const PAGE = 'docs/simulations.md';

/** The seed of all that the docs show. */
export const SEED = 1;

/** A figure as people read it: three digits that count, and its unit. */
export function short({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const number = String(Number(value.toPrecision(value >= 100 ? 4 : 3)));
  return unit === '' ? number : `${number} ${unit}`;
}

/** What a figure has to be. */
export function wanted({ least, most, unit }: Figure): string {
  const said = (value: number): string => (unit === '' ? String(value) : `${value} ${unit}`);
  if (least !== undefined && least === most) return said(least);
  const [low, high] = [least === undefined ? [] : [`≥ ${said(least)}`], most === undefined ? [] : [`≤ ${said(most)}`]];
  return [...low, ...high].join(', ');
}

/** What came of each scenario, by its name. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** The page that shows every scenario, by what they are about. */
export const page = (outcomes: Outcomes): string =>
  `${[HEAD, ...Object.entries(groups).map(([title, some]) => group(title, some, outcomes))].join('\n\n')}\n`;

const HEAD = `<!-- Made from scripts/simulate by npm run simulate -- --write. -->

# Simulations

Bad days of a fleet, in virtual time: the filters and balancers that run in your process, against servers that are only
modelled. \`npm run simulate\` runs all of them in seconds, \`npm run simulate -- slow flaky --seed 7\` some of them another
way; tests hold every figure. What is shown here is seed ${SEED}. In pictures, what is shaded is when something was the
matter. Unless said otherwise ten servers answer in 10 ms at the median (lognormal, sigma 0.4), a caller makes 1,000 calls
a second at random moments, and its policy is the default. \`simulate\` of \`inmesh/testing\` runs
[a fleet and a policy of your own](guides/try-a-policy.md).`;

const group = (title: string, some: readonly Scenario[], outcomes: Outcomes): string =>
  [`## ${title}`, ...some.map((scenario) => section(scenario, outcomes.get(scenario.name)!))].join('\n\n');

/** What the page says of one scenario. */
export function section({ name, shows }: Scenario, { figures, chart }: Outcome): string {
  return [
    `### ${name}`,
    shows,
    ...(chart === undefined ? [] : [`![${shows}](plots/${name}.svg)`]),
    table(figures),
  ].join('\n\n');
}

function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => `| ${figure.what} | ${short(figure)} | ${wanted(figure)} |`);
  return ['| figure | comes to | has to be |', '|---|---|---|', ...rows].join('\n');
}

const MARKED = /<!-- simulate ([a-z-]+)(?:: ([^>]+?))? -->[\s\S]*?<!-- \/ -->/g;

/**
 * Puts figures where a text marks them: `<!-- simulate slow: share of the slow one -->0.19 %<!-- / -->`, or the whole
 * table where no figure is named. @throws RangeError when there is no such scenario or figure.
 */
export const filled = (text: string, outcomes: Outcomes): string =>
  text.replaceAll(MARKED, (_, name: string, what: string | undefined) => {
    const outcome = outcomes.get(name);
    if (outcome === undefined) throw new RangeError(`simulate ${name}: no such scenario`);
    const mark = `<!-- simulate ${name}${what === undefined ? '' : `: ${what}`} -->`;
    if (what === undefined) return `${mark}\n\n${table(outcome.figures)}\n\n<!-- / -->`;
    const figure = outcome.figures.find((one) => one.what === what);
    if (figure === undefined) throw new RangeError(`simulate ${name}: ${what}: no such figure`);
    return `${mark}${short(figure)}<!-- / -->`;
  });

/** The names of the scenarios that a text shows figures of. */
export const shownIn = (text: string): readonly string[] => [...text.matchAll(MARKED)].map(([, name]) => name!);

/** The docs that mark figures, by their paths, with what they say. */
export async function marked(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const path of glob('{README.md,docs/**/*.md}', { cwd: root })) {
    const text = await readFile(join(root, path), 'utf8');
    if (shownIn(text).length > 0) found.set(path, text);
  }
  return found;
}

/** Writes pictures, the page, and the figures in other docs. */
export async function write(scenarios: readonly Scenario[], outcomes: Outcomes): Promise<void> {
  for (const { name, shows } of scenarios) {
    const { chart } = outcomes.get(name)!;
    if (chart !== undefined) await writeFile(join(root, `docs/plots/${name}.svg`), svg(shows, chart));
  }
  await writeFile(join(root, PAGE), page(outcomes));
  for (const [path, text] of await marked()) await writeFile(join(root, path), filled(text, outcomes));
}
