import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { countOf, percent, SEEDS, settledWell, ten } from './figures.ts';

for (const seed of SEEDS) {
  for (const failing of [0.1, 0.5, 1]) {
    test(`one of ten that fails fast ${percent(failing)} of the time attracts nothing (seed ${seed})`, async () => {
      const simulation = await simulate({ servers: ten({ failing }), seed });
      settledWell(simulation);
      const { servers, success, calls, attempts } = simulation;
      assert.ok(servers[0]!.share <= 0.1, `it got ${percent(servers[0]!.share)}`);
      assert.ok(success >= 0.999, `${percent(success)} succeeded`);
      assert.ok(attempts <= 1.02 * calls, `${attempts} attempts for ${calls} calls`);
    });
  }

  test(`without retries, a failing one of ten costs few calls (seed ${seed})`, async () => {
    const policy = { retry: { attempts: 1 } };
    const { success, mostAttempts } = await simulate({ servers: ten({ failing: 0.5 }), policy, seed });
    assert.ok(success >= 0.999, `${percent(success)} succeeded`);
    assert.equal(mostAttempts, 1);
  });

  test(`one of ten that fails a quarter gets 3 % at most, and 99.3 % succeed without retries (seed ${seed})`, async () => {
    for (const perSecond of [100, 1_000]) {
      const policy = { retry: { attempts: 1 } };
      const { servers, success } = await simulate({
        servers: ten({ failing: 0.25 }),
        policy,
        perSecond,
        seconds: 20,
        seed,
      });
      assert.ok(servers[0]!.share <= 0.03, `it got ${percent(servers[0]!.share)} at ${perSecond} a second`);
      assert.ok(success >= 0.993, `${percent(success)} succeeded at ${perSecond} a second`);
    }
  });

  test(`one of ten that answers 429 at once gets no more than its fair share (seed ${seed})`, async () => {
    for (const failing of [0.1, 0.5, 1]) {
      const servers = ten({ failing, status: 429, failingMs: 0.2 });
      const { servers: figures } = await simulate({ servers, policy: { retry: { attempts: 1 } }, seed });
      const { share } = figures[0]!;
      assert.ok(share <= 0.1, `refusing ${percent(failing)} it got ${percent(share)}`);
    }
  });

  test(`where all answer 429 to some, none is starved (seed ${seed})`, async () => {
    const busy = { failing: 0.05, status: 429, failingMs: 0.2 };
    const { servers } = await simulate({ servers: ten(busy, busy), policy: { retry: { attempts: 1 } }, seed });
    const shares = servers.map(({ share }) => share);
    assert.ok(Math.max(...shares) <= 0.15 && Math.min(...shares) >= 0.05, shares.map(percent).join(', '));
  });

  test(`when all fail a little, none is starved and nearly all calls succeed (seed ${seed})`, async () => {
    const { success, servers } = await simulate({ servers: ten({ failing: 0.01 }, { failing: 0.01 }), seed });
    const shares = servers.map(({ share }) => share);
    assert.ok(success >= 0.9995, `${percent(success)} succeeded`);
    assert.ok(Math.max(...shares) <= 0.15 && Math.min(...shares) >= 0.05, shares.map(percent).join(', '));
  });

  test(`one that refuses connections costs nothing, even where calls may not be sent twice (seed ${seed})`, async () => {
    const simulation = await simulate({ servers: ten({ is: 'refusing' }), idempotent: false, seed });
    assert.equal(simulation.success, 1);
    assert.ok(simulation.servers[0]!.share <= 0.01);
  });

  test(`one that can not be reached at all costs nothing either (seed ${seed})`, async () => {
    const simulation = await simulate({ servers: ten({ is: 'dead' }), idempotent: false, seed });
    settledWell(simulation);
    assert.equal(simulation.success, 1);
    assert.ok(simulation.servers[0]!.share <= 0.01);
  });

  test(`a short storm of failures does not drive all calls to the one that had none (seed ${seed})`, async () => {
    const { servers, success } = await simulate({
      servers: ten({ workers: 16 }, { workers: 16 }),
      perSecond: 2_000,
      seconds: 6,
      seed,
      at: [
        [4_000, (world) => world.change({ failing: 0.3 }, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
        [4_100, (world) => world.change({ failing: 0 })],
      ],
    });
    assert.ok(servers[0]!.share <= 0.2, `it got ${percent(servers[0]!.share)}`);
    assert.ok(success >= 0.999, `${percent(success)} succeeded`);
  });

  test(`one of three that dies is left out, probed by one call at a time, and comes back (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: [{}, {}, {}],
      perSecond: 100,
      seconds: 90,
      seed,
      policy: { outlier: { failures: 3 }, balance: { penalty: '0ms' } },
      at: [
        [10_000, (world) => world.change({ is: 'refusing' }, 0)],
        [40_000, (world) => world.change({ is: 'up' }, 0)],
      ],
      warmUpMs: 80_000,
    });
    settledWell(simulation);
    const [ejected, returned] = [countOf(simulation, 'ejected'), countOf(simulation, 'returned')];
    assert.ok(ejected >= 2 && ejected <= 8, `put out ${ejected} times in 30 seconds, each time for longer`);
    assert.equal(returned, 1, 'one good answer brings it back');
    assert.ok(simulation.servers[0]!.share >= 0.2, `at the end it gets ${percent(simulation.servers[0]!.share)}`);
    assert.equal(simulation.success, 1);
  });
}
