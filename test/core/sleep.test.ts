import assert from 'node:assert/strict';
import { test } from 'node:test';
import { race } from '../../src/core/race.ts';
import { Scope } from '../../src/core/scope.ts';
import { sleep } from '../../src/core/sleep.ts';
import { settled, VirtualClock } from '../../src/testing.ts';

test('sleeping ends when its time is up, and not before', async () => {
  const clock = new VirtualClock();
  let over = false;
  const sleeping = sleep(clock, 100, new Scope()).then(() => {
    over = true;
  });
  await clock.advance(99);
  assert.equal(over, false);
  await clock.advance(1);
  await sleeping;
  assert.equal(clock.pending, 0);
});

test('it ends with the reason when it is called off, and leaves no timer', async () => {
  const [clock, scope] = [new VirtualClock(), new Scope()];
  const sleeping = sleep(clock, 100, scope);
  scope.cancel('enough');
  await assert.rejects(sleeping, (reason) => reason === 'enough');
  assert.equal(clock.pending, 0);
});

test('it does not begin when it has been called off', async () => {
  const [clock, scope] = [new VirtualClock(), new Scope()];
  scope.cancel('before');
  await assert.rejects(sleep(clock, 100, scope), (reason) => reason === 'before');
  assert.equal(clock.pending, 0);
});

test('it leaves no listener, however often one sleeps in the same scope', async () => {
  const [clock, scope] = [new VirtualClock(), new Scope()];
  for (let turn = 0; turn < 10; turn++) {
    const sleeping = sleep(clock, 10, scope);
    await clock.advance(10);
    await sleeping;
  }
  let heard = 0;
  scope.onCancel(() => heard++);
  scope.cancel('x');
  assert.equal(heard, 1);
});

test('a race is what the work comes to, when that is first', async () => {
  const scope = new Scope();
  assert.equal(await race(Promise.resolve(5), scope), 5);
  const error = new Error('no');
  await assert.rejects(race(Promise.reject(error), scope), error);
  scope.cancel('later');
});

test('a race is the reason at once, when it is called off first', async () => {
  const scope = new Scope();
  const racing = race(new Promise(() => {}), scope);
  scope.cancel('enough');
  await assert.rejects(racing, (reason) => reason === 'enough');
  await assert.rejects(race(Promise.resolve(5), scope), (reason) => reason === 'enough');
});

test('an answer that comes too late is let go of, and an error that does harms nobody', async () => {
  const scope = new Scope();
  let dumped = 0;
  const late = Promise.withResolvers<unknown>();
  const failing = Promise.withResolvers<unknown>();
  const racing = [race(late.promise, scope), race(failing.promise, scope)];
  scope.cancel('enough');
  await Promise.allSettled(racing);
  late.resolve({ body: { dump: () => dumped++ } });
  failing.reject(new Error('too late'));
  await settled();
  assert.equal(dumped, 1);
});
