import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../src/math/pace.ts';

/** Promises so many their turns at a moment, and says when these are. */
const turns = (pace: Pace, many: number, now: number): number[] =>
  Array.from({ length: many }, () => {
    const wait = pace.wait(true, now);
    pace.promise(now);
    return Math.round(now + wait);
  });

test('while nobody has said anything, nobody waits', () => {
  const pace = new Pace();
  assert.deepEqual(turns(pace, 3, 5), [5, 5, 5]);
});

test('what is left is spread over its time, a tenth of it ahead', () => {
  const pace = new Pace();
  pace.learn(5, 1_000, 0);
  assert.deepEqual(turns(pace, 5, 0), [0, 100, 300, 500, 700]);
});

test('who comes when all is promised has its turn after the reset, at the pace of before', () => {
  const pace = new Pace();
  pace.learn(2, 1_000, 0);
  assert.deepEqual(turns(pace, 4, 0), [0, 400, 1_000, 1_500]);
});

test('not spread, all that is left may go at once, and then nothing until the reset', () => {
  const pace = new Pace();
  pace.learn(2, 1_000, 0);
  const waits = Array.from({ length: 3 }, () => {
    const wait = pace.wait(false, 100);
    pace.promise(100);
    return wait;
  });
  assert.deepEqual(waits, [0, 0, 900]);
  assert.equal(pace.wait(false, 1_000), 0);
});

test('what waits or is under way is taken off what they say is left; what came back or was dropped is not', () => {
  const pace = new Pace();
  for (let call = 0; call < 4; call++) pace.promise(0);
  for (let call = 0; call < 3; call++) pace.go();
  pace.end();
  pace.learn(4, 1_000, 0); // two under way, one waits
  assert.equal(pace.wait(false, 0), 0);
  pace.promise(0);
  assert.equal(pace.wait(false, 0), 1_000);
  pace.drop();
  pace.learn(4, 1_000, 0);
  assert.equal(pace.wait(false, 0), 0);
});

test('who says that nothing is left for a day is asked again after five minutes, in case it was a mistake', () => {
  const pace = new Pace();
  pace.learn(0, 86_400_000, 0);
  assert.equal(pace.wait(false, 0), 300_000);
  assert.equal(pace.wait(false, 300_000), 0);
});
