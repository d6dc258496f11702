import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulationOptions } from '../../src/testing.ts';
import { simulate } from '../../src/testing.ts';
import { countOf, percent, SEEDS, settledWell } from './figures.ts';

/** Ten servers of which each answers one request in fifty after 200 to 500 ms, and nobody knows why. */
const tail = (more: Partial<SimulationOptions>): SimulationOptions => ({
  servers: Array.from({ length: 10 }, () => ({ tail: 0.02 })),
  perSecond: 500,
  seconds: 40,
  warmUpMs: 10_000,
  ...more,
});

for (const seed of SEEDS) {
  test(`a slow tail of 2 %: p99 falls from above 300 ms to below 65, for 2 % more load (seed ${seed})`, async () => {
    const policy = { hedge: { mode: 'quantile', quantile: 0.975, budget: 0.02 } } as const;
    const [without, hedged] = [await simulate(tail({ seed })), await simulate(tail({ seed, policy }))];
    settledWell(without);
    settledWell(hedged);
    const [p99, before] = [hedged.quantile(0.99), without.quantile(0.99)];
    assert.ok(before >= 300, `without hedging p99 is ${before.toFixed(1)} ms`);
    assert.ok(p99 <= 65, `p99 ${p99.toFixed(1)} ms, without hedging ${before.toFixed(1)} ms`);
    const extra = hedged.attempts / hedged.calls - 1;
    assert.ok(extra <= 0.02, `${percent(extra)} more load`);
    assert.equal(hedged.success, 1);
    if (process.env.FIGURES) {
      console.log(
        `seed ${seed}: p99 ${before.toFixed(0)} -> ${p99.toFixed(0)} ms, p99.9 ${without.quantile(0.999).toFixed(0)} -> ${hedged.quantile(0.999).toFixed(0)} ms, ${percent(extra)} more load`,
      );
    }
  });

  test(`with the defaults of hedging p99 falls below 65 ms too, for 5 % more load (seed ${seed})`, async () => {
    const hedged = await simulate(tail({ seed, policy: { hedge: { mode: 'quantile' } } }));
    const extra = hedged.attempts / hedged.calls - 1;
    assert.ok(hedged.quantile(0.99) <= 65, `p99 ${hedged.quantile(0.99).toFixed(1)} ms`);
    assert.ok(extra <= 0.05, `${percent(extra)} more load`);
  });

  test(`where every server is slow, hedging makes it no worse than its budget (seed ${seed})`, async () => {
    const hedged = await simulate(
      tail({
        seed,
        policy: { hedge: { mode: 'quantile' } },
        at: [[20_000, (world) => world.change({ ms: 200 })]],
      }),
    );
    settledWell(hedged);
    const extra = hedged.attempts / hedged.calls - 1;
    assert.ok(extra <= 0.055, `${percent(extra)} more load`);
    assert.ok(countOf(hedged, 'hedge-budget') > 0, 'the budget was what held it back');
  });
}
