import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Busy, MeasuredEventLoop } from '../../src/server/event-loop.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A clock whose thread can be held up: what is due meanwhile is done late. */
class Held extends VirtualClock {
  #extra = 0;

  override now(): number {
    return super.now() + this.#extra;
  }

  /** The thread works for so long, and no timer runs. */
  work(ms: number): void {
    this.#extra += ms;
  }
}

const idle: Busy = () => ({ active: 0, idle: 1 });

test('a loop that is on time is not late', async () => {
  const clock = new Held();
  const loop = new MeasuredEventLoop(clock, idle);
  for (let turn = 0; turn < 20; turn++) {
    assert.equal(loop.lagMs(clock.now()), 0);
    await clock.advance(7);
  }
});

test('that a turn takes long is seen within the turn', () => {
  const clock = new Held();
  const loop = new MeasuredEventLoop(clock, idle);
  assert.equal(loop.lagMs(clock.now()), 0);
  clock.work(40);
  assert.equal(loop.lagMs(clock.now()), 30); // what was due after 10 ms has not been done yet
});

test('what was late is remembered, by half each beat', async () => {
  const clock = new Held();
  const loop = new MeasuredEventLoop(clock, idle);
  loop.lagMs(clock.now());
  clock.work(40);
  const seen: number[] = [];
  for (let beat = 0; beat < 4; beat++) {
    await clock.advance(10);
    seen.push(loop.lagMs(clock.now()));
  }
  assert.deepEqual(seen, [40, 20, 10, 5]);
});

test('it asks the clock no more once nobody has asked for a second, and keeps no process alive', async () => {
  const clock = new Held();
  const loop = new MeasuredEventLoop(clock, idle);
  loop.lagMs(clock.now());
  assert.equal(clock.scheduled, 1);
  assert.equal(clock.pending, 0);
  await clock.advance(1_100);
  assert.equal(clock.scheduled, 0);
  assert.equal(loop.lagMs(clock.now()), 0);
  loop.close();
  assert.equal(clock.scheduled, 0);
});

test('the utilization is the share of the last tenth of a second in which it worked', () => {
  const clock = new Held();
  let [active, waited] = [500, 500];
  const loop = new MeasuredEventLoop(clock, () => ({ active, idle: waited }));
  assert.equal(loop.utilization(0), 0.5);
  active += 90;
  waited += 10;
  assert.equal(loop.utilization(50), 0.5);
  assert.equal(loop.utilization(100), 0.9);
});

test('the real one says something between 0 and 1', () => {
  const loop = new MeasuredEventLoop(new VirtualClock());
  const share = loop.utilization(0);
  assert.ok(share >= 0 && share <= 1, `${share}`);
});
