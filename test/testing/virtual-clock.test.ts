import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, VirtualClock } from '../../src/testing.ts';
import { fc } from '../support/fast-check.ts';

test('it stands still until told otherwise', async () => {
  const clock = new VirtualClock();
  await settled();
  assert.equal(clock.now(), 0);
  await clock.advance(1_234.5);
  assert.equal(clock.now(), 1_234.5);
});

test('the calendar goes with it', async () => {
  const clock = new VirtualClock(100, Date.UTC(2026, 5, 1));
  assert.equal(clock.epoch(), Date.UTC(2026, 5, 1));
  await clock.advance(50);
  assert.equal(clock.now(), 150);
  assert.equal(clock.epoch(), Date.UTC(2026, 5, 1) + 50);
});

test('tasks run at their own moments, those of one moment in the order they came', async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  for (const [name, ms] of [
    ['c', 30],
    ['a', 10],
    ['b', 20],
    ['b2', 20],
    ['now', 0],
    ['before', -5],
  ] as const) {
    clock.schedule(ms, () => ran.push(`${name} ${clock.now()}`));
  }
  await clock.advance(25);
  assert.deepEqual(ran, ['now 0', 'before 0', 'a 10', 'b 20', 'b2 20']);
  assert.equal(clock.pending, 1);
  await clock.advance(5);
  assert.equal(ran.at(-1), 'c 30');
});

test('a task cancelled never runs, and one that is not held is not pending', async () => {
  const clock = new VirtualClock();
  const one = clock.schedule(10, () => assert.fail('it was cancelled'));
  const other = clock.schedule(10, () => {});
  one.cancel();
  one.cancel();
  other.hold(false);
  assert.deepEqual([clock.pending, clock.scheduled], [0, 1]);
  other.hold(true);
  assert.equal(clock.pending, 1);
  await clock.advance(10);
  assert.equal(clock.scheduled, 0);
});

for (const way of ['advance', 'run'] as const) {
  test(`promises settle between the tasks, when it is told to ${way}`, async () => {
    const clock = new VirtualClock();
    const moments: number[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.schedule(ms, resolve));
    const walk = async () => {
      for (let step = 0; step < 300; step++) {
        await sleep(10);
        await Promise.resolve().then(() => Promise.resolve());
        moments.push(clock.now());
      }
    };
    const walking = walk();
    await clock[way](3_000);
    await walking;
    assert.deepEqual(
      moments,
      Array.from({ length: 300 }, (_, step) => (step + 1) * 10),
    );
    assert.equal(clock.now(), 3_000);
  });
}

test('a task that schedules for this very moment is run in it', async () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  clock.schedule(10, () => clock.schedule(0, () => ran.push(clock.now())));
  await clock.advance(10);
  assert.deepEqual(ran, [10]);
});

test('any tasks run in the order of their moments, whatever is cancelled, and both ways of moving agree', async () => {
  const task = fc.tuple(fc.nat({ max: 100 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 60 }), async (tasks) => {
      const logs = [];
      for (const way of ['advance', 'run'] as const) {
        const clock = new VirtualClock();
        const log: string[] = [];
        for (const [at, [ms, cancel]] of tasks.entries()) {
          const timer = clock.schedule(ms, () => log.push(`${clock.now()} ${at}`));
          if (cancel) timer.cancel();
        }
        await clock[way](100);
        assert.equal(clock.scheduled, 0);
        logs.push(log);
      }
      const expected = [...tasks.entries()]
        .filter(([, [, cancel]]) => !cancel)
        .sort(([a, [aMs]], [b, [bMs]]) => aMs - bMs || a - b)
        .map(([at, [ms]]) => `${ms} ${at}`);
      assert.deepEqual(logs, [expected, expected]);
    }),
    { numRuns: 50 },
  );
});
