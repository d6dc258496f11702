import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { setImmediate as macrotask } from 'node:timers/promises';
import { Scope } from '../../src/core/scope.ts';
import { REAL } from '../../src/server/event-loop.ts';
import { Turns } from '../../src/server/turns.ts';

/** Turns of an event loop that end when they are told to; who begins holds the thread for so long. */
function aLoop(takes: (name: string) => number) {
  let now = 0;
  const ends: (() => void)[] = [];
  const turns = new Turns({ now: () => now }, { ...REAL, afterTurn: (task) => ends.push(task) });
  const came: string[] = [];
  const wait = (name: string, scope = new Scope()): Scope => {
    turns.wait(scope).then(
      async () => {
        came.push(`${name} at ${now}`);
        await undefined; // what follows at once belongs to it
        now += takes(name);
      },
      (reason) => came.push(`${name} ${reason}`),
    );
    return scope;
  };
  /** Lets the turn end, and what is to begin then begin. */
  const turn = async (): Promise<string[]> => {
    for (const end of ends.splice(0)) end();
    await macrotask();
    return came.splice(0);
  };
  return { turns, wait, turn, ends };
}

test('nobody begins before all that has come is read, and who holds the thread is the only one in its turn', async () => {
  const { turns, wait, turn, ends } = aLoop(() => 2);
  for (const name of ['a', 'b', 'c']) wait(name);
  await macrotask();
  assert.deepEqual([turns.waiting, ends.length], [3, 1], 'one look at the end of the turn, however many wait');
  assert.deepEqual(await turn(), ['a at 0']);
  assert.deepEqual(await turn(), ['b at 2']);
  wait('d');
  assert.deepEqual([await turn(), await turn()], [['c at 4'], ['d at 6']]);
  assert.deepEqual([turns.waiting, turns.lastMs], [0, 2]);
  assert.deepEqual(await turn(), []);
  assert.equal(ends.length, 0, 'the event loop is let alone when nobody waits');
});

test('in one turn so many begin as take a millisecond together', async () => {
  const { wait, turn } = aLoop(() => 0.3);
  for (let one = 0; one < 6; one++) wait(`${one}`);
  assert.deepEqual(
    (await turn()).map((line) => line[0]),
    ['0', '1', '2', '3'],
  );
  assert.deepEqual(
    (await turn()).map((line) => line[0]),
    ['4', '5'],
  );
});

test('how long those who wait will take is known by those who began before', async () => {
  let takes = 2;
  const { turns, wait, turn } = aLoop(() => takes);
  wait('a');
  assert.equal(turns.aheadMs, 0, 'nothing is known of the first');
  await turn();
  wait('b');
  wait('c');
  assert.equal(turns.aheadMs, 4);
  takes = 12;
  await turn();
  assert.equal(turns.aheadMs, 3, 'a tenth of the way from 2 to 12');
});

test('who is called off while waiting is gone at once, and the others go on', async () => {
  const { turns, wait, turn } = aLoop(() => 2);
  wait('a');
  wait('b').cancel('hung up');
  wait('c');
  assert.equal(turns.waiting, 2);
  assert.deepEqual(await turn(), ['b hung up', 'a at 0']);
  assert.deepEqual(await turn(), ['c at 2']);
  const gone = new Scope();
  gone.cancel('before');
  wait('d', gone);
  wait('e').cancel('alone');
  assert.deepEqual(await turn(), ['d before', 'e alone']);
  wait('f');
  assert.deepEqual(await turn(), ['f at 4'], 'a turn in which nobody was left does not end it all');
});

test('who begins is where it was when it came, and not where the one is that ended the turn', async () => {
  const turns = new Turns({ now: () => 0 });
  const where = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const all = ['a', 'b', 'c'].map((name) =>
    where.run(name, () => turns.wait(new Scope()).then(() => seen.push(where.getStore()))),
  );
  await Promise.all(all);
  assert.deepEqual(seen, ['a', 'b', 'c']);
});
