import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { percent, settledWell } from './figures.ts';

/** The shares of some simulations with different seeds, together. */
async function sharesOf(weights: readonly number[], perSecond: number, seconds: number): Promise<number[]> {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const servers = weights.map((weight) => ({ weight, workers: Math.ceil((30 * weight) / whole) }));
  const asked = weights.map(() => 0);
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const simulation = await simulate({ servers, perSecond, seconds, seed });
    settledWell(simulation);
    for (const [at, figures] of simulation.servers.entries()) asked[at]! += figures.asked;
  }
  const all = asked.reduce((sum, count) => sum + count, 0);
  return asked.map((count) => count / all);
}

function assertFollows(weights: readonly number[], shares: readonly number[], slack: number): void {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, share] of shares.entries()) {
    const due = weights[at]! / whole;
    const message = `weight ${weights[at]} of ${whole} is due ${percent(due)}, got ${percent(share)}`;
    assert.ok(Math.abs(share - due) <= slack, message);
  }
}

for (const weights of [
  [1, 2, 3, 4],
  [9, 1],
  [1, 1, 1, 7],
  [0.1, 0.5, 1, 1],
]) {
  test(`shares follow the weights ${weights.join(', ')} at rest`, async () => {
    assertFollows(weights, await sharesOf(weights, 100, 40), 0.03);
  });

  test(`shares follow the weights ${weights.join(', ')} under load`, async () => {
    assertFollows(weights, await sharesOf(weights, 1_500, 3), 0.02);
  });
}

test('weight 0 gets nothing', async () => {
  const { servers, success } = await simulate({ servers: [{ weight: 0 }, {}, {}] });
  assert.equal(servers[0]!.asked, 0);
  assert.equal(success, 1);
});

test('weight 0 gets nothing even when all others are down', async () => {
  const { servers, success } = await simulate({ servers: [{ weight: 0 }, { is: 'refusing' }, { is: 'refusing' }] });
  assert.equal(servers[0]!.asked, 0);
  assert.equal(success, 0);
});
