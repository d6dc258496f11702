import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing/simulate.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const SICK = 5_000;
const WELL = 15_000;

const run = (mode: 'off' | 'enforce') =>
  simulate({
    servers: [{}, {}, {}, {}, {}],
    perSecond: 500,
    seconds: 20,
    policy: { circuit: { mode, window: '2s', open: '1s' } },
    at: [
      [SICK, (world) => world.change({ failing: 1 })],
      [WELL, (world) => world.change({ failing: 0 })],
    ],
  });

test('when all servers fail for a while they are left in peace, and have their calls back within a second', async () => {
  await import('../../src/circuit/breaker.ts'); // a simulation waits for no file
  const [off, on] = [await run('off'), await run('enforce')];
  const [saved, lost] = [off.attempts - on.attempts, 500 * 10];
  assert.ok(saved > lost * 0.75, `${saved} attempts were spared of those for ${lost} calls`);

  const begin = new VirtualClock().epoch();
  const moves = on.events.flatMap((event) =>
    event.type === 'circuit' ? [[event.state, event.at - begin] as const] : [],
  );
  const [first, last] = [moves[0]!, moves.at(-1)!];
  assert.equal(first[0], 'open');
  assert.ok(first[1] > SICK && first[1] < SICK + 2_000, `it opened at ${first[1]}`);
  assert.equal(last[0], 'closed');
  assert.ok(last[1] > WELL && last[1] < WELL + 1_100, `it closed at ${last[1]}`);
  assert.deepEqual(on.left, { timers: 0, calls: 0 });
});
