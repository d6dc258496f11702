import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveValue } from '../../src/core/live.ts';
import { unheardIn } from '../support/unheard.ts';

test('a watcher hears the value now, and every value after', () => {
  const live = new LiveValue(1);
  const heard: number[] = [];
  live.watch((value) => heard.push(value));
  live.set(2);
  live.set(3);
  assert.deepEqual(heard, [1, 2, 3]);
  assert.equal(live.value, 3);
});

test('the same value again is no news', () => {
  const live = new LiveValue<unknown>(Number.NaN);
  const heard: unknown[] = [];
  live.watch((value) => heard.push(value));
  live.set(Number.NaN);
  assert.equal(heard.length, 1);
});

test('one that has cancelled hears nothing more, and cancelling again does nothing', () => {
  const live = new LiveValue(1);
  const heard: number[] = [];
  const cancel = live.watch((value) => heard.push(value));
  cancel();
  cancel();
  live.set(2);
  assert.deepEqual(heard, [1]);
  assert.equal(live.watchers, 0);
});

test('one watcher that watches twice is two, and each cancels for itself', () => {
  const live = new LiveValue(1);
  const heard: number[] = [];
  const watcher = (value: number) => heard.push(value);
  const cancel = live.watch(watcher);
  live.watch(watcher);
  cancel();
  live.set(2);
  assert.deepEqual(heard, [1, 1, 2]);
});

test('one that another cancels meanwhile hears nothing of this value', () => {
  const live = new LiveValue(1);
  const heard: number[] = [];
  let cancel = () => {};
  live.watch((value) => value === 2 && cancel());
  cancel = live.watch((value) => heard.push(value));
  live.set(2);
  assert.deepEqual(heard, [1]);
});

test('a value set by a watcher is heard by all, once and last', () => {
  const live = new LiveValue(1);
  const heard: number[] = [];
  live.watch((value) => value === 2 && live.set(3));
  live.watch((value) => heard.push(value));
  live.set(2);
  assert.deepEqual(heard, [1, 3]);
  assert.equal(live.value, 3);
});

test('one that begins to watch while news is told hears the newest value once', () => {
  const live = new LiveValue(1);
  const heard: number[] = [];
  let begun = false;
  live.watch((value) => {
    if (value === 2 && !begun) {
      begun = true;
      live.watch((value) => heard.push(value));
    }
  });
  live.set(2);
  assert.deepEqual(heard, [2]);
});

test('one that throws, at once or later, keeps the news neither from the others nor from whoever set it', async (t) => {
  const unheard = unheardIn(t);
  const live = new LiveValue('a');
  const heard: string[] = [];
  live.watch((value) => {
    if (value !== 'a') throw new Error('its own fault');
  });
  live.watch(async () => {
    throw new Error('its own fault');
  });
  live.watch((value) => heard.push(value));
  live.set('b');
  live.set('c');
  assert.equal(await unheard(), 0);
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

test('what one throws when it begins to watch, it gets back, and hears no more: it has no way to stop', () => {
  const value = new LiveValue(1);
  const heard: number[] = [];
  assert.throws(
    () =>
      value.watch((now) => {
        heard.push(now);
        throw new Error('its own fault');
      }),
    /its own fault/,
  );
  value.set(2);
  assert.deepEqual([heard, value.watchers], [[1], 0]);
});
