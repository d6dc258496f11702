import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySections } from '../../src/policy/table.ts';
import { simulate } from '../../src/testing.ts';
import { percent, SEEDS, settledWell, ten } from './figures.ts';

/** A picker that learns nothing, no retries: what is left is what judging endpoints does. */
const bare: PolicySections = { retry: { attempts: 1 }, balance: { picker: 'round-robin' } };

/** One of ten that fails a quarter of its calls, which is seldom five in a row. After half a minute. */
const oneFails = (seed: number, policy: PolicySections) =>
  simulate({
    servers: ten({ failing: 0.25 }),
    policy: { ...bare, ...policy },
    perSecond: 200,
    seconds: 90,
    warmUpMs: 30_000,
    seed,
  });

for (const seed of SEEDS) {
  test(`one of ten that fails a quarter is left out by its success rate: 3 % at most, and 99.3 % succeed (seed ${seed})`, async () => {
    const simulation = await oneFails(seed, { outlier: { successRate: 0.8 } });
    settledWell(simulation);
    assert.ok(simulation.servers[0]!.share <= 0.03, percent(simulation.servers[0]!.share));
    assert.ok(simulation.success >= 0.993, percent(simulation.success));
    assert.ok(
      simulation.servers.slice(1).every(({ share }) => share > 0.1),
      'nobody else is left out',
    );
  });

  test(`its fleet finds it, too: 5 % at most, and 99 % succeed (seed ${seed})`, async () => {
    const simulation = await oneFails(seed, { fleet: { interval: '10s' } });
    settledWell(simulation);
    assert.ok(simulation.servers[0]!.share <= 0.05, percent(simulation.servers[0]!.share));
    assert.ok(simulation.success >= 0.99, percent(simulation.success));
  });

  test(`in shadow mode it is found and told, and keeps its share (seed ${seed})`, async () => {
    const simulation = await oneFails(seed, { outlier: { enforce: 0 }, fleet: { interval: '10s' } });
    assert.ok(Math.abs(simulation.servers[0]!.share - 0.1) < 0.001, percent(simulation.servers[0]!.share));
    const told = simulation.events.filter((event) => event.type === 'ejected');
    assert.ok(told.some(({ why }) => why === 'fleet') && told.every(({ enforced }) => !enforced));
  });
}
