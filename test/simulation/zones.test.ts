import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ServerOptions, simulate } from '../../src/testing.ts';
import { percent, SEEDS, settledWell } from './figures.ts';

/** So many servers in each zone. */
const zones = (count: number, ...names: readonly string[]): ServerOptions[] =>
  names.flatMap((zone) => Array.from({ length: count }, () => ({ zone })));

/** The share that the first `count` servers got. */
function shareOf(count: number, servers: readonly { readonly asked: number }[]): number {
  const all = servers.reduce((sum, { asked }) => sum + asked, 0);
  return servers.slice(0, count).reduce((sum, { asked }) => sum + asked, 0) / all;
}

for (const seed of SEEDS) {
  test(`calls stay in our zone while it is well (seed ${seed})`, async () => {
    const simulation = await simulate({ servers: zones(5, 'a', 'b'), zone: 'a', seed, seconds: 5 });
    settledWell(simulation);
    assert.equal(shareOf(5, simulation.servers), 1);
    assert.equal(simulation.events.filter(({ type }) => type === 'spill').length, 0, 'nothing is told of the usual');
  });

  test(`without a zone of our own, zones do not matter (seed ${seed})`, async () => {
    const { servers } = await simulate({ servers: zones(5, 'a', 'b'), seed, seconds: 5 });
    const share = shareOf(5, servers);
    assert.ok(Math.abs(share - 0.5) < 0.05, `zone a got ${percent(share)}`);
  });

  // Envoy's table: percent of our zone that is well, and percent of the calls that it keeps.
  for (const [well, due] of [
    [10, 1],
    [8, 1],
    [7, 0.98],
    [6, 0.84],
    [5, 0.7],
    [3, 0.42],
    [1, 0.14],
    [0, 0],
  ] as const) {
    test(`a zone of which ${well} of 10 are left keeps ${percent(due)} of the calls, within 2 (seed ${seed})`, async () => {
      const dead = Array.from({ length: 10 - well }, (_, at) => at);
      const simulation = await simulate({
        servers: zones(10, 'a', 'b'),
        zone: 'a',
        seed,
        seconds: 20,
        policy: { outlier: { ejection: '5m' } },
        at: [[2_000, (world) => world.change({ is: 'refusing' }, ...(dead.length > 0 ? dead : [10]))]],
        warmUpMs: 10_000,
      });
      settledWell(simulation);
      const { servers, success, events } = simulation;
      const share = shareOf(10, servers);
      assert.ok(Math.abs(share - due) <= 0.02, `it kept ${percent(share)}`);
      assert.ok(success >= 0.999, `${percent(success)} succeeded`);
      const told = events.findLast((event) => event.type === 'spill');
      assert.equal(told?.levels[0]?.percent, well >= 8 ? undefined : Math.round(due * 100));
    });
  }

  test(`a zone that is well again has all its calls again (seed ${seed})`, async () => {
    const simulation = await simulate({
      servers: zones(4, 'a', 'b'),
      zone: 'a',
      seed,
      seconds: 60,
      perSecond: 200,
      at: [
        [2_000, (world) => world.change({ is: 'refusing' }, 0, 1, 2)],
        [12_000, (world) => world.change({ is: 'up' })],
      ],
      warmUpMs: 50_000,
    });
    assert.equal(shareOf(4, simulation.servers), 1);
    const last = simulation.events.findLast((event) => event.type === 'spill');
    assert.deepEqual(
      last?.levels.map(({ elsewhere, percent: got }) => [elsewhere, got]),
      [
        [false, 100],
        [true, 0],
      ],
    );
  });

  test(`priorities fail over: the second gets what the first can not take, the third nothing (seed ${seed})`, async () => {
    const of = (priority: string) => Array.from({ length: 4 }, () => ({ metadata: { priority } }));
    const simulation = await simulate({
      servers: [...of('0'), ...of('1'), ...of('2')],
      seed,
      seconds: 20,
      policy: { outlier: { ejection: '5m' } },
      at: [[2_000, (world) => world.change({ is: 'dead' }, 0, 1)]],
      warmUpMs: 10_000,
    });
    const upTo = [4, 8, 12].map((count) => shareOf(count, simulation.servers));
    const shares = upTo.map((share, at) => share - (upTo[at - 1] ?? 0));
    assert.ok(Math.abs(shares[0]! - 0.7) <= 0.02 && Math.abs(shares[1]! - 0.3) <= 0.02, shares.map(percent).join(', '));
    assert.equal(shares[2], 0);
    assert.ok(simulation.success >= 0.999);
  });
}
