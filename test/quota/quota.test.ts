import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshError } from '../../src/core/errors.ts';
import { answer, settled } from '../../src/testing.ts';
import { aWorld, give, inTurn } from '../filters/world.ts';
import { count, times, world } from './world.ts';

test('what is over the quota is refused at once, with when there is room, and nothing was sent', async () => {
  const w = world({ calls: [{ rate: '100/s', burst: 10 }] });
  assert.equal(count(await times(w, 30)), 10);
  await assert.rejects(w.call(give(answer(200))), {
    message: 'orders: more than 100/s, room in 10ms (RESOURCE_EXHAUSTED: quota)',
    code: 'RESOURCE_EXHAUSTED',
    status: 429,
    sent: 'no',
    retryAfterMs: 10,
  });
  assert.equal(w.seen.length, 10);
  await w.env.clock.advance(50);
  assert.equal(count(await times(w, 30)), 5);
  await w.end();
});

test('unless told otherwise a tenth of the rate goes at once, and at least one call', async () => {
  const w = world({ calls: [{ rate: '100/s' }] });
  assert.equal(count(await times(w, 50)), 10);
  await w.end();
  const few = world({ calls: [{ rate: '5/m' }] });
  assert.equal(count(await times(few, 50)), 1);
  await few.end();
});

test('a call counts once, however often it is tried', async () => {
  const w = world({ calls: [{ rate: '100/s', burst: 2 }] }, { retry: { attempts: 3, budget: 10 } });
  const outcome = w.call(inTurn(give(answer(503)), give(answer(503)), give(answer(200))), { idempotent: true });
  await w.env.clock.advance(200);
  await outcome;
  assert.equal(w.seen.length, 3);
  assert.deepEqual(
    w.mesh.snapshot().clusters[0]!.quotas.map(({ passed, refused }) => [passed, refused]),
    [[1, 0]],
  );
  await w.end();
});

test('routes and keys have counts of their own where the rule says so', async () => {
  for (const per of ['route', 'key'] as const) {
    const w = world({ calls: [{ rate: '10/s', burst: 3, per }] });
    assert.equal(count(await times(w, 5, { [per]: 'a' })), 3);
    assert.equal(count(await times(w, 5, { [per]: 'b' })), 3);
    assert.equal(count(await times(w, 5, { [per]: 'a' })), 0);
    assert.equal(count(await times(w, 5)), 3, 'those without one share one');
    await w.end();
  }
});

test('long keys are told apart as well', async () => {
  const w = world({ calls: [{ rate: '10/s', burst: 1, per: 'key' }] });
  const long = 'k'.repeat(5_000);
  assert.equal(count(await times(w, 3, { key: `${long}a` })), 1);
  assert.equal(count(await times(w, 3, { key: `${long}b` })), 1);
  assert.equal(count(await times(w, 3, { key: `${long}a` })), 0);
  await w.end();
});

test('each rule has to let a call go, and one that is refused counts against none', async () => {
  const w = world({
    calls: [
      { name: 'second', rate: '10/s', burst: 5 },
      { name: 'per-key', rate: '10/s', burst: 2, per: 'key' },
    ],
  });
  assert.equal(count(await times(w, 9, { key: 'a' })), 2);
  assert.equal(count(await times(w, 9, { key: 'b' })), 2);
  assert.equal(count(await times(w, 9, { key: 'c' })), 1, 'five in all');
  assert.deepEqual(
    w.mesh.snapshot().clusters[0]!.quotas.map(({ rule, passed }) => [rule, passed]),
    [
      ['second', 5],
      ['per-key', 5],
    ],
  );
  await w.end();
});

test('where it is only observed, all calls go, and what would have been refused is told', async () => {
  const w = world({ calls: [{ name: 'mine', rate: '100/s', burst: 10, mode: 'observe' }] });
  assert.equal(count(await times(w, 30)), 30);
  const told = w.env.told.filter((event) => event.type === 'quota');
  assert.deepEqual(
    told.map(({ rule, action }) => [rule, action]),
    Array.from({ length: 20 }, () => ['mine', 'observed']),
  );
  assert.match(
    w.mesh.explain('orders'),
    /quota mine: 100\/s per service \(observe\): 10 calls let through, 20 would have been refused/,
  );
  await w.end();
});

test('a rule that is off is not there', async () => {
  const w = world({ calls: [{ rate: '1/h', mode: 'off' }] });
  assert.equal(count(await times(w, 30)), 30);
  assert.deepEqual(w.mesh.snapshot().clusters[0]!.quotas, []);
  await w.end();
});

test('in a queue calls are sent evenly, each at its turn, and those whose turn is too far away are refused', async () => {
  const w = world({ calls: [{ rate: '100/s', burst: 1, mode: 'queue' }], wait: '50ms' });
  const outcomes = times(w, 20);
  await w.env.clock.advance(100);
  assert.equal(count(await outcomes), 6);
  assert.equal(count(await outcomes, 'quota'), 14);
  assert.deepEqual(
    w.seen.map(({ at }) => Math.round(at)),
    [0, 10, 20, 30, 40, 50],
  );
  const [facts] = w.mesh.snapshot().clusters[0]!.quotas;
  assert.deepEqual([facts!.passed, facts!.waited, facts!.refused], [6, 5, 14]);
  await w.end();
});

test('no call waits for a turn beyond its deadline', async () => {
  const w = world({ calls: [{ rate: '10/s', burst: 1, mode: 'queue' }], wait: '10s' });
  const outcomes = times(w, 10, { timeout: '250ms' });
  assert.equal(count(await Promise.race([outcomes, settled().then(() => [])])), 0);
  await w.env.clock.advance(250);
  assert.deepEqual([count(await outcomes), count(await outcomes, 'quota')], [3, 7]);
  await w.end();
});

test('who gives up while waiting never goes, and its turn is not given away twice', async () => {
  const w = world({ calls: [{ rate: '10/s', burst: 1, mode: 'queue' }] });
  const gone = new AbortController();
  await w.call(give(answer(200)));
  const left = assert.rejects(w.call(give(answer(200)), { signal: gone.signal }), { reason: 'caller' });
  gone.abort();
  await left;
  const next = w.call(give(answer(200)));
  await w.env.clock.advance(200);
  await next;
  assert.deepEqual(
    w.seen.map(({ at }) => at),
    [0, 200],
  );
  await w.end();
});

test('warming up, a third of the rate goes at first, and all of it when its time is up', async () => {
  const w = world({ calls: [{ rate: '300/s', burst: 1, mode: 'warm-up', warmUp: '5s' }] });
  const inSecond: number[] = [];
  for (let second = 0; second < 8; second++) {
    const before = w.seen.length;
    for (let call = 0; call < 2_000; call++) {
      await times(w, 1);
      await w.env.clock.advance(0.5);
    }
    inSecond.push(w.seen.length - before);
  }
  assert.ok(Math.abs(inSecond[0]! - 105) <= 6, `${inSecond}`);
  assert.ok(
    inSecond.every((calls, at) => at === 0 || calls >= inSecond[at - 1]! - 2),
    `${inSecond}`,
  );
  assert.ok(inSecond[7]! >= 270, `${inSecond}`);
  await w.end();
});

test('warming up in a queue, calls have their turns three times as far apart at first, and evenly once it is warm', async () => {
  const w = world({ calls: [{ rate: '300/s', burst: 1, mode: 'warm-up-queue', warmUp: '5s' }], wait: '5m' });
  const outcomes = times(w, 1_500, { timeout: '5m' });
  await w.env.clock.advance(20_000);
  assert.equal(count(await outcomes), 1_500);
  const at = w.seen.map((one) => one.at);
  const gaps = at.slice(1).map((moment, index) => moment - at[index]!);
  assert.ok(Math.abs(gaps[0]! - 10) < 0.05, `the first gap is ${gaps[0]} ms`);
  assert.ok(
    gaps.every((gap, index) => gap > 0 && (index === 0 || gap <= gaps[index - 1]! + 1e-6)),
    'each is as close to the one before as any, and none overtakes another',
  );
  // Guava: the permits stored above what is warm, 750 of them, take just the time that warming up takes.
  assert.ok(Math.abs(at[750]! - 5_000) < 20, `the 750th went at ${at[750]}`);
  assert.ok(Math.abs(at[1_050]! - 6_000) < 20, `the 1,050th went at ${at[1_050]}`);
  assert.ok(Math.abs(gaps.at(-1)! - 1_000 / 300) < 0.01, 'warm, each has its even turn');
  await w.end();
});

test('warming up in a queue, who would wait for too long is refused, with when there is room', async () => {
  const w = world({ calls: [{ rate: '100/s', burst: 1, mode: 'warm-up-queue', warmUp: '10s' }], wait: '100ms' });
  const outcomes = times(w, 20);
  await w.env.clock.advance(200);
  assert.deepEqual([count(await outcomes), count(await outcomes, 'quota')], [4, 16], 'at 0, 30, 60 and 90 ms');
  const [facts] = w.mesh.snapshot().clusters[0]!.quotas;
  assert.deepEqual([facts!.mode, facts!.passed, facts!.waited, facts!.refused], ['warm-up-queue', 4, 3, 16]);
  await w.end();
});

test('a burst goes at once also while it is cold, and is paid for afterwards', async () => {
  const w = world({ calls: [{ rate: '100/s', burst: 5, mode: 'warm-up-queue', warmUp: '10s' }], wait: '1s' });
  const outcomes = times(w, 7);
  await w.env.clock.advance(1_000);
  assert.equal(count(await outcomes), 7);
  const at = w.seen.map((one) => Math.round(one.at));
  assert.deepEqual(at.slice(0, 5), [0, 0, 0, 0, 0]);
  assert.ok(at[5]! >= 29 && at[5]! <= 30 && at[6]! >= 58 && at[6]! <= 60, `${at}`);
  await w.end();
});

test('a route that has rules of its own counts by itself, and one that has none with the service', async () => {
  const two = { calls: [{ rate: '2/h', burst: 2 }] };
  const w = aWorld({ policy: {} });
  w.mesh.setPolicy({
    services: {
      orders: {
        quota: { calls: [{ rate: '4/h', burst: 4 }] },
        routes: { a: { quota: two }, b: { quota: two }, c: { retry: { attempts: 1 } } },
      },
    },
  });
  const went = async (route: string) => count(await times(w, 5, { route }));
  assert.deepEqual([await went('a'), await went('b'), await went('c'), await went('d')], [2, 2, 4, 0]);
  await w.end();
});

test('a call that is over several quotas is told when all of them have room again, and so is who asks in advance', async () => {
  const rates = ['2/s', '2/h', '2/m'];
  const w = world({ calls: rates.map((rate) => ({ name: rate.slice(-1), rate, burst: 2 })) });
  assert.equal(count(await times(w, 2)), 2);
  const said = w.mesh.plan('orders');
  assert.match(JSON.stringify(said), /h: used up, room in 30m/);
  await assert.rejects(w.call(give(answer(200))), (error: MeshError) => {
    assert.equal(Math.round(error.retryAfterMs!), 1_800_000);
    return /more than 2\/h, room in 30m/.test(error.message);
  });
  await w.end();
});

test('a rate that is lowered while all of it was used up is what may go from then on', async () => {
  const w = world({ calls: [{ name: 'mine', rate: '1000/s', burst: 1_000 }] });
  assert.equal(count(await times(w, 1_100)), 1_000);
  w.mesh.setPolicy({ services: { orders: { quota: { calls: [{ name: 'mine', rate: '10/m', burst: 10 }] } } } });
  assert.equal(count(await times(w, 5)), 0);
  await w.env.clock.advance(60_000);
  assert.equal(count(await times(w, 20)), 10);
  await w.end();
});

test('a policy that is pushed brings other numbers; what was used stays used', async () => {
  const w = world({ calls: [{ rate: '100/s', burst: 10 }] });
  assert.equal(count(await times(w, 10)), 10);
  w.mesh.setPolicy({ defaults: { quota: { calls: [{ rate: '1000/s', burst: 15 }] } } });
  assert.equal(count(await times(w, 50)), 5);
  w.mesh.setPolicy({});
  assert.equal(count(await times(w, 50)), 50);
  w.mesh.setPolicy({ defaults: { quota: { calls: [{ rate: '1000/s', burst: 15 }] } } });
  assert.equal(count(await times(w, 50)), 0);
  await w.end();
});

test('a route of the policy has its own quota, and the service the one it had', async () => {
  const w = aWorld({ policy: { quota: { calls: [{ rate: '100/s', burst: 4 }] } } });
  w.mesh.setPolicy({
    defaults: { quota: { calls: [{ rate: '100/s', burst: 4 }] } },
    services: { orders: { routes: { 'GET /slow': { quota: { calls: [{ rate: '1/s', per: 'route' }] } } } } },
  });
  assert.equal(count(await times(w, 9, { method: 'GET', path: '/slow' })), 1);
  assert.equal(count(await times(w, 9, { method: 'GET', path: '/fast' })), 4);
  await w.end();
});
