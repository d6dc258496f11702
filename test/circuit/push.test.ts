import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, Guarded, ok } from './guarded.ts';

test('a policy with another threshold or volume keeps what was counted', async () => {
  const guarded = await Guarded.ready({ threshold: 0.9, volume: 40 });
  await guarded.calls(19, fails);
  guarded.push({ threshold: 0.5, volume: 20 });
  assert.equal(await guarded.calls(10, fails), 1);
  assert.deepEqual(guarded.states, ['open']);
});

test('a policy with another window keeps what was counted', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '10s' });
  await guarded.calls(19, fails);
  guarded.push({ volume: 20, window: '60s' });
  await guarded.calls(1, ok); // the first call under the new policy
  await guarded.env.clock.advance(30_000);
  assert.equal(await guarded.calls(10, fails), 1);
});

test('an open circuit stays open through a policy push, and a shorter wait counts at once', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '60s' });
  await guarded.calls(20, fails);
  guarded.push({ volume: 30, open: '2s' });
  await guarded.env.clock.advance(1_999);
  assert.equal(await guarded.calls(1, ok), 0);
  await guarded.env.clock.advance(1);
  assert.equal(await guarded.calls(5, ok), 5);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
});

test('a half-open circuit stays half-open through a policy push, and its one call still decides', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  await guarded.calls(20, fails);
  await guarded.env.clock.advance(5_000);
  const probe = Promise.withResolvers<string>();
  const trying = guarded.call(() => probe.promise);
  guarded.push({ volume: 30, threshold: 0.2, open: '5s' });
  assert.equal(await guarded.calls(3, ok), 0);
  probe.resolve('well again');
  await trying;
  assert.equal(await guarded.calls(3, ok), 3);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
});

test('a circuit that is switched off and on again remembers that it is open', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '60s' });
  await guarded.calls(20, fails);
  guarded.push({ mode: 'off', volume: 20, open: '60s' });
  assert.equal(await guarded.calls(3, ok), 3);
  guarded.push({ volume: 20, open: '60s' });
  assert.equal(await guarded.calls(3, ok), 0);
});
