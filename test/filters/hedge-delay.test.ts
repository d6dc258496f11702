import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../../src/testing.ts';
import { aWorld, give, later } from './world.ts';

const GET = { method: 'GET' };

test('the delay is learnt: what all but the slowest take, once there are answers enough to tell', async () => {
  const world = aWorld({ policy: { hedge: { mode: 'quantile', budget: 1 } } });
  const answers = (ms: number) =>
    world.call(
      later(() => world, ms),
      GET,
    );
  for (let call = 0; call < 39; call++) {
    const slow = answers(call === 0 ? 900 : 20);
    await world.env.clock.advance(call === 0 ? 900 : 20);
    await slow;
  }
  assert.match(world.mesh.explain('orders'), /hedge not yet: 39 answers are too few/);
  assert.deepEqual(world.mesh.snapshot().clusters[0]!.hedge, { afterMs: null, answers: 39 });
  const last = answers(20);
  await world.env.clock.advance(300);
  await last;
  const { hedge } = world.mesh.snapshot().clusters[0]!;
  assert.ok(hedge!.afterMs! >= 20 && hedge!.afterMs! <= 21, `${hedge!.afterMs}`);
  assert.match(world.mesh.explain('orders'), /hedge after 20\.\d ms, which few of 40 answers took/);
  assert.equal(world.seen.length, 40);
  const slow = answers(100);
  await world.env.clock.advance(100);
  await slow;
  assert.equal(world.seen.length, 42);
  await world.end();
});

test('the delay is never below its least, though all answers are quicker', async () => {
  const world = aWorld({ policy: { hedge: { mode: 'quantile', delay: '30ms', budget: 1 } } });
  for (let call = 0; call < 50; call++) await world.call(give(answer(200)), GET);
  await world.env.clock.advance(300);
  const slow = world.call(
    later(() => world, 100),
    GET,
  );
  await world.end(130_000);
  await slow;
  assert.deepEqual(
    world.seen.slice(50).map(({ at }) => at - world.seen[50]!.at),
    [0, 30],
  );
});

test('a policy that is pushed switches it on and off, and keeps what was learnt', async () => {
  const world = aWorld({ policy: { hedge: { mode: 'quantile', delay: '1ms', budget: 1 } } });
  for (let call = 0; call < 50; call++) await world.call(give(answer(200)), GET);
  await world.env.clock.advance(300);
  world.mesh.setPolicy({});
  assert.equal(world.mesh.snapshot().clusters[0]!.hedge, null);
  assert.doesNotMatch(world.mesh.explain('orders'), /hedge (after|not)/);
  world.mesh.setPolicy({ defaults: { hedge: { mode: 'quantile', delay: '5ms' } } });
  assert.deepEqual(world.mesh.snapshot().clusters[0]!.hedge, { afterMs: 5, answers: 50 });
  await world.end();
});
