import assert from 'node:assert/strict';
import { glob, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/run.ts';
import { filled, wanted } from '../../scripts/simulate/report.ts';
import { type Figure, holds } from '../../scripts/simulate/scenario.ts';
import { nothingElseIsShown } from './held.ts';

test('the docs show every scenario, and no other', nothingElseIsShown);

test('every picture is of a scenario that the docs show', async () => {
  const page = await readFile(join(root, 'docs/simulations.md'), 'utf8');
  for (const name of await readdir(join(root, 'docs/plots'))) assert.ok(page.includes(`(plots/${name})`), name);
});

test('every link to a scenario leads to one', async () => {
  const page = await readFile(join(root, 'docs/simulations.md'), 'utf8');
  for await (const path of glob('{README.md,docs/**/*.md}', { cwd: root })) {
    for (const [, name] of (await readFile(join(root, path), 'utf8')).matchAll(/simulations\.md#([a-z-]+)/g)) {
      assert.ok(page.includes(`\n### ${name}\n`), `${path}: ${name}`);
    }
  }
});

test('a figure that is not as it has to be is found', () => {
  const figure = { what: 'p99', value: 5, unit: 'ms' } as const;
  assert.ok(!holds({ ...figure, least: 6 }) && !holds({ ...figure, most: 4 }));
  assert.ok(!holds({ ...figure, value: Number.NaN, most: 4 }));
});

test('figures are put where a text marks them, and a mark of nothing is a mistake', () => {
  const figures: Figure[] = [{ what: 'its share', value: 0.1234, unit: '%', most: 3 }];
  const outcomes = new Map([['slow', { figures }]]);
  const text = 'It gets <!-- simulate slow: its share -->9 %<!-- / -->, well: <!-- simulate slow -->\n<!-- / -->';
  assert.equal(
    filled(text, outcomes),
    'It gets <!-- simulate slow: its share -->0.123 %<!-- / -->, well: <!-- simulate slow -->\n\n' +
      '| figure | comes to | has to be |\n|---|---|---|\n| its share | 0.123 % | ≤ 3 % |\n\n<!-- / -->',
  );
  assert.throws(() => filled('<!-- simulate slow: p99 --><!-- / -->', outcomes), /slow: p99: no such figure/);
  assert.throws(() => filled('<!-- simulate fast --><!-- / -->', outcomes), /fast: no such scenario/);
  assert.equal(wanted({ ...figures[0]!, least: 3 }), '3 %');
});
