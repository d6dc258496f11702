import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeasuredEventLoop, REAL } from '../../src/server/event-loop.ts';

/** An event loop whose turns end when they are told to. */
function aLoop() {
  const turns: (() => void)[] = [];
  const busy = { active: 500, idle: 500 };
  const loop = new MeasuredEventLoop({ ...REAL, busy: () => ({ ...busy }), afterTurn: (task) => turns.push(task) });
  return { loop, turns, busy };
}

test('a turn begins with the first that asks, and how long it has gone on is known to all after it', () => {
  const { loop, turns } = aLoop();
  assert.deepEqual([loop.heldMs(100), loop.heldMs(102), loop.heldMs(107)], [0, 2, 7]);
  assert.equal(turns.length, 1, 'one look at the end of the turn, however many ask');
});

test('the next turn begins anew, and knows of the one before', () => {
  const { loop, turns } = aLoop();
  loop.heldMs(100);
  loop.heldMs(107);
  assert.equal(loop.heldBeforeMs, 0);
  turns.pop()!();
  assert.equal(loop.heldBeforeMs, 7);
  assert.equal(loop.heldMs(300), 0);
  turns.pop()!();
  assert.equal(loop.heldBeforeMs, 0);
});

test('the utilization is the share of the last tenth of a second in which it worked', () => {
  const { loop, busy } = aLoop();
  assert.equal(loop.utilization(0), 0.5);
  busy.active += 90;
  busy.idle += 10;
  assert.equal(loop.utilization(50), 0.5);
  assert.equal(loop.utilization(100), 0.9);
});

test('the real one says something between 0 and 1, and its turns end', async () => {
  const loop = new MeasuredEventLoop();
  const share = loop.utilization(0);
  assert.ok(share >= 0 && share <= 1, `${share}`);
  loop.heldMs(0);
  loop.heldMs(5);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(loop.heldBeforeMs, 5);
});

test('what is to come after promises comes in the same turn, when all of them have settled, however many follow another', async () => {
  const came: string[] = [];
  const many = async (): Promise<void> => {
    for (let step = 0; step < 100; step++) await undefined;
    came.push('promises');
  };
  const turn = new Promise<void>((resolve) => REAL.afterTurn(() => resolve(void came.push('next turn'))));
  void many();
  REAL.afterPromises(() => came.push('after promises'));
  await turn;
  assert.deepEqual(came, ['promises', 'after promises', 'next turn']);
});
