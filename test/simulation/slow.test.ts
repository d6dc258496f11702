import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { percent, SEEDS, settledWell, ten } from './figures.ts';

for (const seed of SEEDS) {
  test(`one of ten that is ten times slower gets half a percent at most, and p99 is a quarter of that in turn (seed ${seed})`, async () => {
    const servers = ten({ ms: 100 });
    const mesh = await simulate({ servers, seed });
    const inTurn = await simulate({ servers, seed, balance: 'round-robin' });
    settledWell(mesh);
    settledWell(inTurn);
    const { share } = mesh.servers[0]!;
    assert.ok(share <= 0.005, `the slow one got ${percent(share)}`);
    assert.ok(Math.abs(inTurn.servers[0]!.share - 0.1) < 0.001, 'round robin gives it its tenth');
    const [p99, p99InTurn] = [mesh.quantile(0.99), inTurn.quantile(0.99)];
    assert.ok(p99 <= p99InTurn / 4, `p99 ${p99.toFixed(1)} ms, in turn ${p99InTurn.toFixed(1)} ms`);
  });

  test(`a slow one of two gets little, and of three less (seed ${seed})`, async () => {
    const [two, three] = [
      await simulate({ servers: [{ ms: 100 }, {}], perSecond: 300, seed }),
      await simulate({ servers: [{ ms: 100 }, {}, {}], perSecond: 300, seed }),
    ];
    assert.ok(two.servers[0]!.share <= 0.05, `of two it got ${percent(two.servers[0]!.share)}`);
    assert.ok(three.servers[0]!.share <= 0.025, `of three it got ${percent(three.servers[0]!.share)}`);
  });

  test(`a slow one of great weight gets little all the same (seed ${seed})`, async () => {
    const { servers } = await simulate({ servers: [{ weight: 5, ms: 100 }, {}, {}, {}, {}, {}], perSecond: 500, seed });
    assert.ok(servers[0]!.share <= 0.05, `half of all by weight, it got ${percent(servers[0]!.share)}`);
  });

  test(`one that was slow and is well again gets its share back within a minute (seed ${seed})`, async () => {
    const { servers } = await simulate({
      servers: ten({ ms: 100 }),
      perSecond: 200,
      seconds: 80,
      seed,
      at: [[10_000, (world) => world.change({ ms: 10 }, 0)]],
      warmUpMs: 70_000,
    });
    assert.ok(servers[0]!.share >= 0.07, `it gets ${percent(servers[0]!.share)}`);
  });

  test(`among equals none gets more than a quarter above its share (seed ${seed})`, async () => {
    const { servers } = await simulate({ servers: ten({}), seed });
    const shares = servers.map(({ share }) => share);
    assert.ok(Math.max(...shares) <= 0.125 && Math.min(...shares) >= 0.075, shares.map(percent).join(', '));
  });
}
