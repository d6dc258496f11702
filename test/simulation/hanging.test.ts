import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { percent, SEEDS, settledWell, ten } from './figures.ts';

for (const seed of SEEDS) {
  test(`one of ten that takes calls and never answers holds few of them (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({}),
      perSecond: 500,
      seconds: 16,
      seed,
      at: [[5_000, (world) => world.change({ is: 'hanging' }, 0)]],
    });
    settledWell(simulation);
    const { outcomes, success, servers } = simulation;
    assert.deepEqual(new Set(Object.keys(outcomes)), new Set(['200', 'deadline']));
    assert.ok(success >= 0.999, `${percent(success)} succeeded`);
    assert.ok(servers[0]!.peak <= 10, `it held ${servers[0]!.peak} calls at once`);
  });

  test(`with a limit for each attempt, no call notices that one hangs (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({}),
      perSecond: 500,
      seconds: 16,
      seed,
      policy: { attempt: { timeout: '200ms' } },
      at: [[5_000, (world) => world.change({ is: 'hanging' }, 0)]],
    });
    settledWell(simulation);
    assert.equal(simulation.success, 1);
    assert.ok(simulation.quantile(0.999) <= 250, `p99.9 is ${simulation.quantile(0.999).toFixed(1)} ms`);
  });

  test(`one of three that hangs for half a minute is avoided, and used again after (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: [{}, {}, {}],
      perSecond: 100,
      seconds: 120,
      seed,
      at: [
        [10_000, (world) => world.change({ is: 'hanging' }, 0)],
        [40_000, (world) => world.change({ is: 'up' }, 0)],
      ],
      warmUpMs: 110_000,
    });
    settledWell(simulation);
    assert.equal(simulation.success, 1);
    assert.ok(simulation.servers[0]!.share >= 0.2, `at the end it gets ${percent(simulation.servers[0]!.share)}`);
  });
}
