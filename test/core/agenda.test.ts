import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agenda } from '../../src/core/agenda.ts';
import type { Timeout } from '../../src/core/timeouts.ts';
import { seeded, VirtualClock } from '../../src/testing.ts';

const world = () => {
  const clock = new VirtualClock();
  const agenda = new Agenda(clock);
  const fired: string[] = [];
  const at = (due: number, name: string): Timeout =>
    agenda.at(due, (subject: string) => fired.push(`${subject} at ${clock.now()}`), name);
  return { clock, agenda, fired, at };
};

test('of a thousand moments in any order, half of them forgotten, each comes when it is due', async () => {
  const { clock, agenda, at, fired } = world();
  const random = seeded(7);
  const all = Array.from({ length: 1_000 }, (_, name) => {
    const due = Math.floor(random.next() * 500);
    return { due, name, timeout: at(due, `${name}`) };
  });
  const kept = all.filter(({ timeout, name }) => {
    if (name % 2 === 0) timeout.cancel();
    return name % 2 === 1;
  });
  assert.equal(agenda.waiting, 500);
  await clock.advance(500);
  assert.deepEqual(new Set(fired), new Set(kept.map(({ due, name }) => `${name} at ${due}`)));
  assert.equal(fired.length, 500);
  assert.deepEqual([agenda.waiting, clock.scheduled], [0, 0]);
});

test('one timer serves all, and is set anew only for what comes sooner', async () => {
  let set = 0;
  const clock = new VirtualClock();
  const counting = {
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    schedule: (ms: number, task: () => void) => {
      set++;
      return clock.schedule(ms, task);
    },
  };
  const agenda = new Agenda(counting);
  for (let due = 1_000; due < 2_000; due++) agenda.at(due, () => {}, undefined).cancel();
  assert.deepEqual([set, clock.scheduled, clock.pending], [1, 1, 0]);
  agenda.at(500, () => {}, undefined);
  assert.deepEqual([set, clock.scheduled], [2, 1]);
});

test('what is cancelled twice, or after it came, takes nobody with it', async () => {
  const { clock, at, fired } = world();
  const one = at(10, 'a');
  at(20, 'b');
  await clock.advance(10);
  one.cancel();
  const two = at(15, 'c');
  two.cancel();
  two.cancel();
  await clock.advance(10);
  assert.deepEqual(fired, ['a at 10', 'b at 20']);
});

test('when a task throws those after it come all the same', async () => {
  const { clock, agenda, at, fired } = world();
  agenda.at(10, () => assert.fail('mine'), undefined);
  at(10, 'a');
  at(20, 'b');
  await assert.rejects(clock.advance(10), /mine/);
  await clock.advance(10);
  assert.deepEqual(fired, ['a at 10', 'b at 20']);
});

test('once it is closed nothing comes, and forgetting what waited does nothing', async () => {
  const { clock, agenda, at, fired } = world();
  const one = at(10, 'a');
  at(20, 'b');
  agenda.close();
  one.cancel();
  await clock.advance(30);
  assert.deepEqual([fired, clock.scheduled], [[], 0]);
});
