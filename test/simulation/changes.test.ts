import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { percent, SEEDS, settledWell, ten } from './figures.ts';

for (const seed of SEEDS) {
  test(`a new server is not flooded, and soon has its share (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({}),
      seed,
      at: [[5_000, (world) => void world.add({})]],
      warmUpMs: 5_000,
    });
    settledWell(simulation);
    const [newcomer, ...others] = [simulation.servers[10]!, ...simulation.servers.slice(0, 10)];
    const highest = Math.max(...others.map(({ peak }) => peak));
    assert.ok(newcomer.peak <= highest + 1, `it held ${newcomer.peak} calls at once, the others ${highest} at most`);
    const { share } = newcomer;
    assert.ok(share >= 0.06 && share <= 0.13, `one of eleven, it got ${percent(share)}`);
  });

  test(`a new server that warms up gets a fifth of its share in the first of five seconds, all after these (seed ${seed})`, async () => {
    for (const picker of ['p2c', 'weighted-round-robin'] as const) {
      const share = async (from: number, to: number) => {
        const { servers } = await simulate({
          servers: ten({}),
          seed,
          seconds: to,
          warmUpMs: from * 1_000,
          policy: { balance: { picker, warmUp: '5s' } },
          at: [[2_000, (world) => void world.add({})]],
        });
        return servers[10]!.share;
      };
      const [early, late] = [await share(2, 3), await share(7, 9)];
      assert.ok(early >= 0.01 && early <= 0.03, `a fifth of an eleventh is due, ${picker} gave ${percent(early)}`);
      assert.ok(late >= 0.06 && late <= 0.12, `an eleventh is due, ${picker} gave ${percent(late)}`);
    }
  });

  test(`a new server that fails is found out by a few calls (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({}),
      seed,
      at: [[5_000, (world) => void world.add({ failing: 1 })]],
    });
    assert.ok(simulation.servers[10]!.asked <= 20, `it got ${simulation.servers[10]!.asked} calls`);
    assert.equal(simulation.success, 1);
  });

  test(`a new server that hangs is given one call, and none while that one is out (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: ten({}),
      seconds: 9,
      seed,
      at: [[5_000, (world) => void world.add({ is: 'hanging' })]],
    });
    assert.equal(simulation.servers[10]!.asked, 1);
  });

  test(`a server taken off the list gets no new call, and those under way end well (seed ${seed})`, async () => {
    let asked = 0;
    const simulation = await simulate({
      servers: ten({ ms: 50 }),
      seed,
      at: [
        [
          5_000,
          (world) => {
            asked = world.servers[0]!.asked;
            world.remove(world.servers[0]!);
          },
        ],
      ],
    });
    settledWell(simulation);
    assert.equal(simulation.servers[0]!.asked, asked);
    assert.equal(simulation.success, 1);
  });

  test(`the same seed goes the same way, another one another way (seed ${seed})`, async () => {
    const run = (with_: number) => simulate({ servers: ten({ failing: 0.2 }), seconds: 2, seed: with_ });
    const [one, same, other] = [await run(seed), await run(seed), await run(seed + 100)];
    assert.deepEqual(one.events, same.events);
    assert.notDeepEqual(one.events, other.events);
  });
}

test('ten seconds of a cluster leave nothing behind, whatever goes wrong in them', async () => {
  const simulation = await simulate({
    servers: ten({ failing: 0.3, status: 500 }, { ms: 20, workers: 4 }),
    idempotent: false,
    policy: { deadline: { timeout: '300ms' }, attempt: { timeout: '60ms' } },
    at: [
      [1_000, (world) => world.change({ is: 'hanging' }, 1)],
      [2_000, (world) => world.change({ is: 'dead' }, 2)],
      [3_000, (world) => world.remove(world.servers[1]!)],
      [4_000, (world) => world.change({ is: 'refusing' }, 3)],
      [5_000, (world) => void world.add({ ms: 200 })],
    ],
  });
  settledWell(simulation);
});
