import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/run.ts';
import { short, svg } from '../../scripts/simulate/plot.ts';
import { holds } from '../../scripts/simulate/scenario.ts';
import { scenarios } from '../../scripts/simulate/scenarios.ts';
import { SEEDS } from './figures.ts';

for (const seed of SEEDS) {
  for (const scenario of scenarios) {
    test(`${scenario.name}: ${scenario.shows} (seed ${seed})`, async () => {
      const { figures, plot } = await scenario.run(seed);
      for (const figure of figures) {
        const { what, value, least = '', most = '' } = figure;
        assert.ok(holds(figure), `${what} is ${short(value)}, has to be from ${least} to ${most}`);
      }
      if (seed !== 1) return;
      const drawn = await readFile(join(root, `docs/plots/${scenario.name}.svg`), 'utf8');
      assert.equal(
        drawn,
        svg(scenario, plot),
        'another picture than the code makes: npm run simulate -- --out docs/plots',
      );
    });
  }
}

test('a figure that is not as it has to be is found', () => {
  const figure = { what: 'p99', value: 5, unit: 'ms' } as const;
  assert.ok(!holds({ ...figure, least: 6 }) && !holds({ ...figure, most: 4 }));
  assert.ok(!holds({ ...figure, value: Number.NaN, most: 4 }));
});
