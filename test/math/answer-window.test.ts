import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerWindow } from '../../src/math/answer-window.ts';

test('a window is full after twenty answers and a tenth of a second, whichever takes longer', () => {
  const many = new AnswerWindow();
  for (let at = 0; at < 100; at++) assert.equal(many.add(5, 1, false, at), false);
  assert.equal(many.add(5, 1, false, 100), true);

  const few = new AnswerWindow();
  for (let answer = 0; answer < 19; answer++) assert.equal(few.add(5, 1, false, answer * 1_000), false);
  assert.equal(few.add(5, 1, true, 19_000), true); // refusals count as well
});

test('it comes to the median of what came, the most under way, and how many were dropped', () => {
  const window = new AnswerWindow();
  for (let answer = 1; answer <= 21; answer++) window.add(answer, answer, false, answer);
  for (let answer = 0; answer < 3; answer++) window.add(60_000, 4, true, 30);
  assert.deepEqual(window.take(100), { ms: 11, inFlight: 21, answers: 21, dropped: 3 });
  assert.deepEqual(window.take(200), { ms: Number.NaN, inFlight: 0, answers: 0, dropped: 0 });
});

test('the next window is twice as long as an answer took, so that what was changed is seen in it', () => {
  const window = new AnswerWindow();
  for (let answer = 0; answer < 20; answer++) window.add(400, 1, false, 100);
  window.take(100);
  const full = (now: number) => window.add(400, 1, false, now);
  for (let answer = 0; answer < 30; answer++) assert.equal(full(899), false);
  assert.equal(full(900), true);
});

test('of very many answers the last ones are kept, and none is faster than a tenth of a millisecond', () => {
  const window = new AnswerWindow();
  for (let answer = 0; answer < 1_000; answer++) window.add(answer < 700 ? 50 : 0, 1, false, 0);
  assert.deepEqual(window.take(100), { ms: 0.1, inFlight: 1, answers: 1_000, dropped: 0 });
});
