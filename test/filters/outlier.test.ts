import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshEvent } from '../../src/core/events.ts';
import { answer, fixed, refused } from '../../src/testing.ts';
import { aWorld, fail, give, hang, type World } from './world.ts';

const once = { retry: { attempts: 1 } } as const;
const two = ['http://a:1', 'http://b:1'];
const inTurns = { balance: { picker: 'round-robin' } } as const;
const failHere =
  (host: string) =>
  ({ url }: { url: string }) =>
    url.includes(host) ? Promise.reject(refused()) : Promise.resolve('ok');

const told = <T extends MeshEvent['type']>(world: World, type: T) =>
  world.env.told.filter((event): event is Extract<MeshEvent, { type: T }> => event.type === type);

const calls = async (world: World, count: number, send: Parameters<World['call']>[0]): Promise<void> => {
  for (let call = 0; call < count; call++) await world.call(send).catch(() => {});
};

test('five failures in a row leave an endpoint out, and it is told', async () => {
  const world = aWorld({ policy: { ...once, ...inTurns }, endpoints: two });
  await calls(world, 8, failHere('a:1'));
  assert.equal(told(world, 'ejected').length, 0);
  await calls(world, 2, failHere('a:1'));
  const { at, ...facts } = told(world, 'ejected')[0]!;
  assert.deepEqual(facts, {
    type: 'ejected',
    service: 'orders',
    endpoint: 'a:1',
    failures: 5,
    forMs: 3_750,
    why: 'failures',
    enforced: true,
  });
  assert.match(world.mesh.explain('orders'), /a:1 .*not picked: out for another 3s750ms after 5 failures in a row/);
  await world.end();
});

test('one success in between starts the count anew', async () => {
  const world = aWorld({ policy: once, endpoints: two });
  for (let round = 0; round < 5; round++) {
    await calls(world, 4, fail(refused()));
    await calls(world, 1, give('ok'));
  }
  assert.equal(told(world, 'ejected').length, 0);
  await world.end();
});

test('statuses of the policy count, and others do not', async () => {
  const world = aWorld({ policy: { ...once, ...inTurns, outlier: { failures: 2 } }, endpoints: two });
  await calls(world, 10, give(answer(404)));
  assert.equal(told(world, 'ejected').length, 0);
  await calls(world, 4, give(answer(500)));
  assert.equal(told(world, 'ejected').length, 1);
  await world.end();
});

test('an endpoint that is out gets no call while the other is in', async () => {
  const world = aWorld({
    policy: { ...once, outlier: { failures: 1 }, balance: { penalty: '0ms' } },
    endpoints: two,
    random: fixed(0),
  });
  await calls(world, 1, fail(refused()));
  const out = world.seen[0]!.attempt.url;
  await calls(world, 50, give('ok'));
  assert.ok(world.seen.slice(1).every(({ attempt }) => attempt.url !== out));
  await world.end();
});

test('when its time is up one call probes it, the others go elsewhere, and its success brings it back', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: two });
  const answers: (() => void)[] = [];
  const slow = () => new Promise((resolve) => answers.push(() => resolve('ok')));
  await calls(world, 1, fail(refused()));
  const out = world.seen[0]!.attempt.url;
  await world.env.clock.advance(3_750);
  const probing = Array.from({ length: 5 }, () => world.call(slow));
  const urls = world.seen.slice(1).map(({ attempt }) => attempt.url);
  assert.equal(urls[0], out, 'the first call is the probe');
  assert.equal(urls.filter((url) => url === out).length, 1, 'one at a time');
  assert.equal(told(world, 'returned').length, 0);
  for (const answer of answers) answer();
  await Promise.all(probing);
  assert.deepEqual(
    told(world, 'returned').map(({ endpoint }) => `http://${endpoint}`),
    [out],
  );
  await world.end();
});

test('a probe that fails leaves it out for twice as long', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: two });
  await calls(world, 1, fail(refused()));
  const host = new URL(world.seen[0]!.attempt.url).host;
  await world.env.clock.advance(3_750);
  await calls(world, 10, failHere(host));
  await world.env.clock.advance(7_500);
  await calls(world, 10, failHere(host));
  assert.deepEqual(
    told(world, 'ejected').map(({ forMs }) => forMs),
    [3_750, 7_500, 15_000],
  );
  await world.end();
});

test('a probe that its caller gives up is no verdict: the next call probes', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: two });
  await calls(world, 1, fail(refused()));
  const out = world.seen[0]!.attempt.url;
  await world.env.clock.advance(3_750);
  const controller = new AbortController();
  const calling = world.call(hang, { signal: controller.signal });
  controller.abort();
  await assert.rejects(calling);
  await calls(world, 1, give('ok'));
  assert.deepEqual(
    world.seen.slice(1).map(({ attempt }) => attempt.url),
    [out, out],
  );
  assert.equal(told(world, 'returned').length, 1);
  await world.end();
});

test('an answer from before it was left out says nothing about it now', async () => {
  const world = aWorld({ policy: { ...once, ...inTurns, outlier: { failures: 1 } }, endpoints: two });
  const { promise, resolve } = Promise.withResolvers();
  const old = world.call(() => promise);
  const host = world.seen[0]!.attempt.endpoint.address;
  await calls(world, 2, failHere(host));
  assert.deepEqual(
    told(world, 'ejected').map(({ endpoint }) => endpoint),
    [host],
  );
  resolve('ok');
  await old;
  assert.equal(told(world, 'returned').length, 0);
  await world.end();
});

test('0 failures switches it off', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 0 } }, endpoints: two });
  await calls(world, 100, fail(refused()));
  await calls(world, 10, give(answer(503, { 'retry-after': '5' })));
  assert.equal(told(world, 'ejected').length, 0);
  await world.end();
});

test('a policy that switches it off brings back what is out, at its next probe', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: two });
  await calls(world, 1, fail(refused()));
  world.mesh.setPolicy({ defaults: { ...once, outlier: { failures: 0 } } });
  await world.env.clock.advance(3_750);
  await calls(world, 1, fail(refused()));
  assert.equal(told(world, 'returned').length, 1);
  assert.equal(told(world, 'ejected').length, 1);
  await world.end();
});

test('silence until the deadline speaks against an endpoint that had half of the time or more', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: two });
  const rejected = assert.rejects(world.call(hang), { reason: 'deadline' });
  await world.env.clock.advance(10_000);
  await rejected;
  assert.equal(told(world, 'ejected').length, 1);
  await world.end();
});

test('a deadline in a hurry speaks against nobody', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: two });
  await world.mesh.within({ 'grpc-timeout': '100m' }, async () => {
    const rejected = assert.rejects(world.call(hang), { reason: 'deadline' });
    await world.env.clock.advance(100);
    await rejected;
  });
  assert.equal(told(world, 'ejected').length, 0);
  await world.end();
});

test('when fewer than half are left it is panic: all are used, and it is told when it begins and when it ends', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 }, balance: { panic: 0.6 } }, endpoints: two });
  await calls(world, 1, fail(refused()));
  await calls(world, 1, give('ok'));
  await world.env.clock.advance(3_750);
  await calls(world, 2, give('ok'));
  assert.deepEqual(
    told(world, 'panic').map(({ on, healthy, endpoints }) => ({ on, healthy, endpoints })),
    [
      { on: true, healthy: 1, endpoints: 2 },
      { on: false, healthy: 2, endpoints: 2 },
    ],
  );
  await world.end();
});

test('without panic, a call is refused when all are out, and says so', async () => {
  const world = aWorld({
    policy: { ...once, outlier: { failures: 1 }, balance: { panic: 0 } },
    endpoints: two,
  });
  await calls(world, 1, fail(refused()));
  world.registry.set('orders', [world.seen[0]!.attempt.url]);
  await assert.rejects(world.call(give('ok')), {
    message: 'orders: all 1 endpoints are out of rotation (UNAVAILABLE: no-endpoints)',
    sent: 'no',
  });
  await world.end();
});

test('an endpoint that says it is too busy is well enough to say so, and stays in', async () => {
  const world = aWorld({ policy: once, endpoints: two });
  await calls(world, 20, give(answer(503, { 'finagle-http-nack': 'true' })));
  assert.equal(told(world, 'ejected').length, 0);
  await world.end();
});
