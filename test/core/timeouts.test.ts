import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeouts } from '../../src/core/timeouts.ts';
import { VirtualClock } from '../../src/testing.ts';

const world = () => {
  const clock = new VirtualClock();
  const timeouts = new Timeouts(clock);
  const fired: string[] = [];
  const after = (ms: number, name: string) =>
    timeouts.after(ms, clock.now(), (subject: string) => fired.push(`${subject} at ${clock.now()}`), name);
  return { clock, timeouts, fired, after };
};

test('each fires once, at its own moment, in the order of falling due', async () => {
  const { clock, timeouts, fired, after } = world();
  after(100, 'a');
  after(50, 'b');
  await clock.advance(30);
  after(100, 'c');
  after(10, 'd');
  await clock.advance(1_000);
  assert.deepEqual(fired, ['d at 40', 'b at 50', 'a at 100', 'c at 130']);
  assert.equal(timeouts.waiting, 0);
  assert.equal(clock.pending, 0);
});

test('what is cancelled never fires, whether it is first, in between or last', async () => {
  const { clock, fired, after } = world();
  const all = ['a', 'b', 'c', 'd'].map((name) => after(10, name));
  all[0]!.cancel();
  all[2]!.cancel();
  all[3]!.cancel();
  all[3]!.cancel();
  await clock.advance(100);
  assert.deepEqual(fired, ['b at 10']);
});

test('cancelling what has fired does nothing', async () => {
  const { clock, fired, after } = world();
  const one = after(10, 'a');
  await clock.advance(10);
  one.cancel();
  after(10, 'b');
  await clock.advance(10);
  assert.deepEqual(fired, ['a at 10', 'b at 20']);
});

test('a timer armed for one that was cancelled arms itself anew for the next', async () => {
  const { clock, fired, after } = world();
  const one = after(100, 'a');
  await clock.advance(60);
  one.cancel();
  after(100, 'b');
  await clock.advance(100);
  assert.deepEqual(fired, ['b at 160']);
});

test('one that comes back while it is told is queued for its own time', async () => {
  const clock = new VirtualClock();
  const timeouts = new Timeouts(clock);
  const moments: number[] = [];
  const again = (left: number): void => {
    moments.push(clock.now());
    if (left > 0) timeouts.after(10, clock.now(), again, left - 1);
  };
  timeouts.after(10, 0, again, 3);
  await clock.advance(100);
  assert.deepEqual(moments, [10, 20, 30, 40]);
  assert.equal(timeouts.waiting, 0);
});

test('one may cancel the next that is due at the same moment', async () => {
  const clock = new VirtualClock();
  const timeouts = new Timeouts(clock);
  const fired: string[] = [];
  const first = () => {
    fired.push('a');
    next.cancel();
  };
  timeouts.after(10, 0, first, undefined);
  const next = timeouts.after(10, 0, () => fired.push('b'), undefined);
  await clock.advance(100);
  assert.deepEqual(fired, ['a']);
});

test('one that throws stops none of the others', async () => {
  const { clock, timeouts, fired, after } = world();
  timeouts.after(
    10,
    0,
    () => {
      throw new Error('its own fault');
    },
    undefined,
  );
  after(10, 'b');
  await assert.rejects(clock.advance(100), /its own fault/);
  await clock.advance(100);
  assert.deepEqual(fired, ['b at 10']);
});

test('one timer serves all that wait equally long', async () => {
  const { clock, after } = world();
  const all = Array.from({ length: 1_000 }, (_, at) => after(10, `${at}`));
  for (const one of all) one.cancel();
  assert.equal(clock.scheduled, 1);
  await clock.advance(10);
  assert.equal(clock.scheduled, 0);
});

test('none of them keeps the process alive', () => {
  const { clock, after } = world();
  after(10, 'a');
  assert.equal(clock.pending, 0);
});

test('any number of different lengths keeps few queues, and all fire all the same', async () => {
  const { clock, timeouts, fired, after } = world();
  for (let ms = 1; ms <= 100; ms++) after(ms, `${ms}`);
  await clock.advance(100);
  assert.deepEqual(
    fired,
    Array.from({ length: 100 }, (_, at) => `${at + 1} at ${at + 1}`),
  );
  assert.equal(timeouts.waiting, 0);
  assert.equal(clock.scheduled, 0);
});

test('one that comes late, counted from before, does not wait for those who came before it', async () => {
  const { clock, fired, timeouts, after } = world();
  await clock.advance(50);
  after(100, 'b');
  timeouts.after(100, 10, (subject: string) => fired.push(`${subject} at ${clock.now()}`), 'a');
  timeouts.after(100, -500, (subject: string) => fired.push(`${subject} at ${clock.now()}`), 'long ago');
  await clock.advance(200);
  assert.deepEqual(fired, ['long ago at 50', 'a at 110', 'b at 150']);
});

test('closing drops all that waits, and what comes after is as good as before', async () => {
  const { clock, timeouts, fired, after } = world();
  const one = after(10, 'a');
  after(20, 'b');
  timeouts.close();
  one.cancel();
  assert.equal(clock.scheduled, 0);
  after(10, 'c');
  await clock.advance(100);
  assert.deepEqual(fired, ['c at 10']);
});
