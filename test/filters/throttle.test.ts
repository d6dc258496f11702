import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/core/random.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer } from '../../src/testing/script.ts';
import { aWorld, fail, give, type World } from './world.ts';

const NACK = answer(503, { 'finagle-http-nack': 'true' });

function throttled(policy: NonNullable<PolicySections['throttle']> = {}): World {
  return aWorld({
    policy: { retry: { attempts: 1 }, outlier: { failures: 0 }, throttle: { mode: 'enforce', ...policy } },
    random: seeded(7),
  });
}

/** Calls a hundred times a second, and says how many of the last second's were made. */
async function second(world: World, send: () => unknown, priority?: 'critical' | 'sheddable'): Promise<number> {
  const before = world.seen.length;
  for (let call = 0; call < 100; call++) {
    world.call(send, { priority }).catch(() => {});
    await world.env.clock.advance(10);
  }
  return world.seen.length - before;
}

test('while a service refuses everything a tenth of the calls are made, from within ten seconds on, and all once it is well', async () => {
  const world = throttled();
  assert.equal(await second(world, give(answer(200))), 100);
  for (let turn = 0; turn < 10; turn++) await second(world, give(NACK));
  const made = await second(world, give(NACK));
  assert.ok(made >= 4 && made <= 20, `${made} of 100 made`);
  assert.match(world.mesh.explain('orders'), /throttle: \d+ of \d+ were accepted within 10s, 90 % of the calls/);

  for (let turn = 0; turn < 25; turn++) await second(world, give(answer(200)));
  assert.equal(await second(world, give(answer(200))), 100);
  assert.equal(world.mesh.snapshot().clusters[0]!.throttle!.share, 0);
  await world.end();
});

test('a call that is not made says so, was not sent, and is told', async () => {
  const world = throttled();
  for (let turn = 0; turn < 10; turn++) await second(world, give(NACK));
  const errors: unknown[] = [];
  for (let call = 0; call < 50; call++) world.call(give(NACK)).catch((error) => errors.push(error));
  await world.env.clock.advance(0);
  const { message, code, reason, sent, attempts } = errors[0] as Record<string, unknown>;
  assert.deepEqual(
    { message, code, reason, sent, attempts },
    {
      message: 'orders: it refuses so much that 90 % of calls are not made (UNAVAILABLE: throttle)',
      code: 'UNAVAILABLE',
      reason: 'throttle',
      sent: 'no',
      attempts: [],
    },
  );
  const event = world.env.told.findLast((one) => one.type === 'throttle');
  assert.ok(event?.type === 'throttle' && event.enforced && event.share === 0.9 && event.priority === 'default');
  await world.end();
});

test('429 and 503 are refusals; errors, other statuses and answers that never came are not', async () => {
  for (const [send, isRefusal] of [
    [give(answer(429)), true],
    [give(answer(503)), true],
    [give(answer(500)), false],
    [give(answer(404)), false],
    [fail(new Error('mine')), false],
    [fail(Object.assign(new Error(), { code: 'ECONNREFUSED' })), false],
  ] as const) {
    const world = throttled();
    for (let turn = 0; turn < 8; turn++) await second(world, send);
    const { share } = world.mesh.snapshot().clusters[0]!.throttle!;
    assert.equal(share > 0, isRefusal, `${share}`);
    await world.end();
  }
});

test('what is critical is held back last, and what is sheddable first', async () => {
  const half = () => {
    let turn = 0;
    return () => Promise.resolve(turn++ % 5 < 2 ? answer(200) : NACK); // 40 % are accepted
  };
  const world = throttled();
  const send = half();
  for (let turn = 0; turn < 10; turn++) await second(world, send, 'critical');
  assert.equal(await second(world, send, 'critical'), 100);
  const usual = await second(world, send);
  assert.ok(usual >= 60 && usual < 100, `${usual}`);
  const least = await second(world, send, 'sheddable');
  assert.ok(least < usual - 10, `${least} and ${usual}`);
  await world.end();
});

test('where it only observes all calls are made, and told of', async () => {
  const world = throttled({ mode: 'observe' });
  for (let turn = 0; turn < 12; turn++) assert.equal(await second(world, give(NACK)), 100);
  assert.ok(world.env.told.some((event) => event.type === 'throttle' && !event.enforced));
  await world.end();
});
