import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { SEEDS, settledWell, ten } from './figures.ts';

for (const seed of SEEDS) {
  test(`who hangs is found by checks before ten calls wait for it in vain, and is back when it is well (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({}),
      perSecond: 5,
      seconds: 60,
      seed,
      policy: {
        health: { check: 'http', interval: '5s', timeout: '500ms' },
        balance: { picker: 'round-robin' },
        outlier: { failures: 0 },
      },
      at: [
        [10_000, (world) => world.change({ is: 'hanging' }, 0)],
        [40_000, (world) => world.change({ is: 'up' }, 0)],
      ],
    });
    settledWell(simulation);
    const told = simulation.events.flatMap((event) =>
      event.type === 'health' && event.at > simulation.events[0]!.at + 5_000 ? [[event.healthy, event.why]] : [],
    );
    assert.deepEqual(told, [
      [false, 'no answer in time'],
      [true, 'well'],
    ]);
    const late = simulation.outcomes.deadline ?? 0;
    assert.ok(late > 0 && late < 10, `${late} calls`);
  });
}
