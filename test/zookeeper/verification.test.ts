import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testEnv } from '../../src/testing/env.ts';
import { Verification } from '../../src/zookeeper/verification.ts';

/** A verification that is done whenever it is due, as long as nobody says no. */
function aVerification() {
  const env = testEnv();
  const looked: string[] = [];
  let refused = 0;
  const say = { no: false };
  const lots: number[] = [];
  const verification = new Verification(env, () => work());
  const work = () => {
    if (!verification.due) return;
    lots.push(env.clock.now());
    verification
      .run(async (name) => {
        if (say.no) throw new Error('for the test');
        looked.push(name);
      })
      .catch(() => refused++);
  };
  return { env, verification, work, looked, lots, say, refused: () => refused };
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `i${at}`);

test('a few are asked about at once, of many a lot every few seconds, each once', async () => {
  const few = aVerification();
  few.verification.start(names(64));
  few.work();
  assert.equal(few.looked.length, 64);
  await few.env.clock.advance(60_000);
  assert.equal(few.looked.length, 64);

  const many = aVerification();
  many.verification.start(names(200));
  many.work();
  assert.deepEqual(many.looked, []);
  await many.env.clock.advance(60_000);
  assert.deepEqual(many.looked, names(200));
  const waits = many.lots.map((at, n) => at - (many.lots[n - 1] ?? 0));
  assert.ok(
    waits.every((ms) => ms >= 2_000 && ms <= 6_000),
    waits.join(),
  );
  assert.equal(many.env.clock.pending, 0);
});

test('a lot to which the server said no is asked about again, and so are those after it', async () => {
  const { env, verification, looked, say, refused } = aVerification();
  verification.start(names(200));
  say.no = true;
  await env.clock.advance(6_000);
  assert.equal(refused() > 0, true);
  assert.deepEqual(looked, []);
  say.no = false;
  await env.clock.advance(60_000);
  assert.deepEqual(looked, names(200));
});

test('who closes leaves no timer', async () => {
  const { env, verification } = aVerification();
  verification.start(names(200));
  verification.again('locked');
  verification.close();
  assert.equal(env.clock.pending, 0);
  verification.start(names(200)); // what was asked before it was closed is answered after
  verification.again('locked');
  assert.equal(env.clock.pending, 0);
});
