import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../../src/testing.ts';
import { give, hang } from '../filters/world.ts';
import { count, times, world } from './world.ts';

const limited = (left: number, seconds: number, status = 200) =>
  answer(status, { ratelimit: `"default";r=${left};t=${seconds}` });

test('when the other side says that nothing is left, no call is sent until there is again', async () => {
  const w = world({ pace: 'reject' });
  await w.call(give(limited(2, 10)));
  await Promise.all([w.call(give(answer(200))), w.call(give(answer(200)))]);
  await assert.rejects(w.call(give(answer(200))), {
    message: 'orders: no more until its quota has room again, room in 10s (RESOURCE_EXHAUSTED: quota)',
    retryAfterMs: 10_000,
  });
  await w.env.clock.advance(10_000);
  await w.call(give(answer(200)));
  assert.equal(w.seen.length, 4);
  await w.end();
});

test('paced in a queue, what is left is spread over its time', async () => {
  const w = world({ pace: 'queue', wait: '2s' });
  await w.call(give(limited(10, 1)));
  const calls = times(w, 10);
  await w.env.clock.advance(1_000);
  assert.equal(count(await calls), 10);
  assert.deepEqual(
    w.seen.slice(1).map(({ at }) => at),
    [0, 0, 100, 200, 300, 400, 500, 600, 700, 800], // a tenth of the time may be gone ahead of
  );
  await w.end();
});

test('what is under way when the answer comes is counted as not yet counted', async () => {
  const w = world({ pace: 'reject' });
  let open = () => {};
  const slow = w.call(
    () =>
      new Promise((resolve) => {
        open = () => resolve(answer(200));
      }),
  );
  await w.call(give(limited(2, 10)));
  assert.equal(count(await times(w, 5)), 1);
  open();
  await slow;
  await w.end();
});

test('a call that is called off leaves no trace in the pace, though its client never lets go', async () => {
  const w = world({ pace: 'reject' }, { deadline: { timeout: '100ms' } });
  const lost = assert.rejects(w.call(hang), { reason: 'deadline' });
  await w.env.clock.advance(100);
  await lost;
  await w.call(give(limited(3, 10)));
  assert.equal(count(await times(w, 9)), 3);
  await w.end();
});

test('Retry-After of a 429 holds calls back, also where the client throws it', async () => {
  const w = world({ pace: 'reject' }, { retry: { attempts: 1 } });
  const error = Object.assign(new Error('429'), { response: answer(429, { 'retry-after': '3' }) });
  await assert.rejects(
    w.call(() => Promise.reject(error)),
    error,
  );
  await assert.rejects(w.call(give(answer(200))), { reason: 'quota', retryAfterMs: 3_000 });
  await w.env.clock.advance(3_000);
  await w.call(give(answer(200)));
  await w.end();
});

test('where the pace is only observed, calls go and what would have been held back is told', async () => {
  const w = world({ pace: 'observe' });
  await w.call(give(limited(0, 10)));
  await w.call(give(answer(200)));
  assert.deepEqual(
    w.env.told.flatMap((event) => (event.type === 'quota' ? [[event.rule, event.action, event.waitMs]] : [])),
    [['pace', 'observed', 10_000]],
  );
  await w.end();
});

test('a client that paces itself meets no 429 of a server that counts in windows', async () => {
  const w = world({ pace: 'queue', wait: '1m' }, { deadline: { timeout: '5m' }, retry: { attempts: 1 } });
  const { clock } = w.env;
  let [window, used, refused] = [-1, 0, 0];
  const server = async () => {
    const now = Math.floor(clock.now() / 1_000);
    if (now !== window) [window, used] = [now, 0];
    const left = 50 - ++used;
    if (left < 0) refused++;
    const seconds = Math.ceil(((window + 1) * 1_000 - clock.now()) / 1_000);
    return limited(Math.max(0, left), seconds, left < 0 ? 429 : 200);
  };
  const calls: Promise<unknown>[] = [];
  for (let call = 0; call < 400; call++) {
    calls.push(w.call(server));
    await clock.advance(10); // 100/s wanted, 50/s to be had
  }
  await clock.advance(20_000);
  await Promise.all(calls);
  assert.equal(refused, 0);
  assert.ok(w.seen.at(-1)!.at < 9_000, `and loses little by it: 400 calls of 50/s took ${w.seen.at(-1)!.at} ms`);
  await w.end();
});
