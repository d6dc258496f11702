import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { testEnv } from '../../src/testing/env.ts';
import { SimulatedWorld } from '../../src/testing/simulated-world.ts';
import { SEEDS } from './figures.ts';
import { offer } from './overload.ts';

const [STEP, BACK, END] = [10_000, 15_000, 30_000];

/** One endpoint of forty workers, asked for more than they can do; its limit, read every tenth of a second. */
async function limits(seed: number): Promise<readonly { readonly at: number; readonly limit: number }[]> {
  const env = testEnv({ random: seeded(seed, 1) });
  const world = new SimulatedWorld(env.clock, seeded(seed, 2), [{ workers: 40, ms: 20, spread: 0.1 }]);
  const policies = new PolicySet({
    defaults: { limit: { endpoint: 1_000, algorithm: 'gradient' }, deadline: { timeout: '2s' } },
  });
  const mesh = new Mesh('checkout', env, world.registry, policies, {});
  env.clock.schedule(STEP, () => world.change({ ms: 40 }));
  env.clock.schedule(BACK, () => world.change({ ms: 20 }));
  const seen: { at: number; limit: number }[] = [];
  const look = (): void => {
    const at = env.clock.now();
    seen.push({ at, limit: mesh.snapshot().clusters[0]?.endpoints[0]?.limit ?? 0 });
    if (at < END) env.clock.schedule(100, look);
  };
  look();
  await offer(env.clock, 4_000, { from: 0, to: END, seed }, () =>
    mesh.call('orders', world.send).then(
      () => true,
      () => false,
    ),
  );
  await mesh.close();
  assert.equal(env.clock.pending, 0);
  return seen;
}

for (const seed of SEEDS) {
  test(`when an endpoint takes twice as long, what may be under way there falls by 40 % within ten windows, and comes back (seed ${seed})`, async () => {
    const seen = await limits(seed);
    const between = (from: number, to: number) =>
      seen.filter(({ at }) => at > from && at <= to).map(({ limit }) => limit);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const before = mean(between(STEP - 3_000, STEP));
    const fallen = Math.min(...between(STEP, STEP + 1_200)); // ten windows of 100 ms, and the one that was under way
    const after = mean(between(END - 5_000, END));
    assert.ok(before >= 40 && before <= 80, `${before} before`);
    assert.ok(fallen <= 0.6 * before, `${fallen} of ${before}`);
    assert.ok(after >= 0.85 * before, `${after} of ${before}`);
  });
}
