import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ServerOptions, simulate } from '../../src/testing.ts';
import { percent, SEEDS, settledWell, ten } from './figures.ts';

const ways: Readonly<Record<string, ServerOptions>> = {
  'refuse connections': { is: 'refusing' },
  'fail at once': { failing: 1 },
  'can not be reached': { is: 'dead' },
};

for (const seed of SEEDS) {
  for (const [way, server] of Object.entries(ways)) {
    test(`when all ${way}, a call makes 3 attempts at most and the load grows by less than a third (seed ${seed})`, async () => {
      const simulation = await simulate({ servers: ten(server, server), seed });
      settledWell(simulation);
      const { calls, attempts, mostAttempts } = simulation;
      assert.equal(mostAttempts, 3);
      assert.ok(attempts <= 1.3 * calls, `${attempts} attempts for ${calls} calls`);
      assert.equal(simulation.success, 0);
    });
  }

  test(`when all hang, attempts end in time and the load grows by less than a third (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({ is: 'hanging' }, { is: 'hanging' }),
      policy: { attempt: { timeout: '500ms' } },
      perSecond: 300,
      seed,
    });
    settledWell(simulation);
    assert.ok(simulation.attempts <= 1.3 * simulation.calls);
    assert.deepEqual(Object.keys(simulation.outcomes), ['attempt']);
  });

  test(`when all come back, calls succeed again within seconds (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({ is: 'refusing' }, { is: 'refusing' }),
      seconds: 10,
      seed,
      at: [[5_000, (world) => world.change({ is: 'up' })]],
      warmUpMs: 7_000,
    });
    assert.ok(simulation.success >= 0.999, `${percent(simulation.success)} succeeded from 2 seconds after`);
  });

  test(`when six of ten are down, panic or not, nearly all calls succeed (seed ${seed})`, async () => {
    const down: ServerOptions = { is: 'refusing' };
    const simulation = await simulate({ servers: [down, down, down, down, down, down, {}, {}, {}, {}], seed });
    settledWell(simulation);
    assert.ok(simulation.success >= 0.995, `${percent(simulation.success)} succeeded`);
  });

  test(`when six of ten are down and four can not carry all, panic lets calls reach the six again (seed ${seed})`, async () => {
    const down: ServerOptions = { failing: 1, workers: 1 };
    const small: ServerOptions = { workers: 1, ms: 8 };
    const simulation = await simulate({
      servers: [down, down, down, down, down, down, small, small, small, small],
      perSecond: 800,
      seconds: 12,
      seed,
      at: [[3_000, (world) => world.change({ failing: 0 })]],
      warmUpMs: 8_000,
    });
    assert.ok(simulation.success >= 0.999, `${percent(simulation.success)} succeeded once they were well again`);
  });
}
