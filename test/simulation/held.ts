import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/run.ts';
import { svg } from '../../scripts/simulate/draw/svg.ts';
import { filled, marked, PAGE, SEED, section, short, shownIn, wanted } from '../../scripts/simulate/report.ts';
import { holds, type Outcome, type Scenario } from '../../scripts/simulate/scenario.ts';
import { scenarios } from '../../scripts/simulate/scenarios.ts';
import { threadOf } from '../support/thread.ts';
import type * as thread from './run.ts';

/** Every figure holds for every seed: one that breaks it is a find, not an accident. `SEEDS=1,2,3` tries more of them. */
const SEEDS = (process.env.SEEDS ?? String(SEED)).split(',').map(Number);

const WRITE = 'npm run simulate -- --write';

/** Runs one part of the scenarios, of so many that run side by side. */
export function holdPart(part: number, of: number): void {
  const inThread = threadOf(new URL('./run.ts', import.meta.url));
  const run: typeof thread.run = (...given) => inThread('run', ...given);
  for (const scenario of scenarios.filter((_, at) => at % of === part - 1)) {
    for (const seed of SEEDS)
      test(`${scenario.name}: ${scenario.shows} (seed ${seed})`, () => hold(scenario, seed, run));
  }
}

async function hold(scenario: Scenario, seed: number, run: typeof thread.run): Promise<void> {
  const outcome = await run(scenario.name, seed);
  for (const figure of outcome.figures) {
    assert.ok(holds(figure), `${figure.what} is ${short(figure)}, has to be ${wanted(figure)}`);
  }
  const names = outcome.figures.map(({ what }) => what);
  assert.equal(new Set(names).size, names.length, 'no two figures are called the same');
  if (seed === SEED) await isShown(scenario, outcome);
}

/** The docs say and draw what came of it. */
async function isShown(scenario: Scenario, outcome: Outcome): Promise<void> {
  const { name, shows } = scenario;
  const drawn = outcome.chart && (await readFile(join(root, `docs/plots/${name}.svg`), 'utf8').catch(() => 'none'));
  assert.equal(drawn, outcome.chart && svg(shows, outcome.chart), `another picture than the code makes: ${WRITE}`);
  const page = await readFile(join(root, PAGE), 'utf8');
  assert.ok(page.includes(`${section(scenario, outcome)}\n`), `${PAGE} says something else of ${name}: ${WRITE}`);
  for (const [path, text] of await marked()) {
    const own = text.match(new RegExp(`<!-- simulate ${name}(?:: [^>]+?)? -->[\\s\\S]*?<!-- / -->`, 'g')) ?? [];
    for (const mark of own) assert.equal(mark, filled(mark, new Map([[name, outcome]])), `${path}: ${WRITE}`);
  }
}

/** What the docs show is there to be shown, all of it and nothing else. */
export async function nothingElseIsShown(): Promise<void> {
  const names = scenarios.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'no two scenarios are called the same');
  const page = await readFile(join(root, PAGE), 'utf8');
  assert.deepEqual(
    [...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name),
    names,
    WRITE,
  );
  for (const [path, text] of await marked()) {
    for (const name of shownIn(text)) assert.ok(names.includes(name), `${path}: no such scenario '${name}'`);
  }
}
