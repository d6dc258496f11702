import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicySet } from '../../src/policy/policy.ts';
import { type Answer, fails, Guarded, ok } from './guarded.ts';

/** Calls at once that all take so long. */
async function lasting(guarded: Guarded, count: number, ms: number, end: Answer = ok): Promise<unknown[]> {
  const { clock } = guarded.env;
  const slowly: Answer = async () => {
    await new Promise<void>((resolve) => void clock.schedule(ms, resolve));
    return end();
  };
  const all = Promise.allSettled(Array.from({ length: count }, () => guarded.call(slowly)));
  await clock.advance(ms);
  return (await all).map((one) => (one.status === 'fulfilled' ? one.value : 'failed'));
}

test('the circuit opens when at least the share of slow calls is reached, none of which failed', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', open: '5s', slow: { over: '1s', share: 0.8 } });
  assert.equal(await guarded.calls(4, ok), 4);
  assert.deepEqual(
    await lasting(guarded, 15, 1_001),
    Array.from({ length: 15 }, () => 'fine'),
  );
  assert.deepEqual(guarded.states, []); // 15 of 19
  await lasting(guarded, 1, 1_001); // 16 of 20

  assert.deepEqual(guarded.states, ['open']);
  const { calls, failures, slow } = guarded.moves[0]!;
  assert.deepEqual({ calls, failures, slow }, { calls: 20, failures: 0, slow: 16 });
  await assert.rejects(guarded.call(ok), {
    message: 'orders: the circuit is open, 0 of 20 calls failed, 16 took longer than 1s (UNAVAILABLE: circuit)',
  });
});

test('a call that takes as long as circuit.slow.over is not slow yet', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', slow: { over: '1s', share: 0.01 } });
  await lasting(guarded, 100, 1_000);
  assert.deepEqual(guarded.states, []);
  assert.equal(guarded.circuits.facts(guarded.env.clock.now())[0]!.slow, 0);
});

test('slow calls below their share never open it, and do not count as failures', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', threshold: 0.5, slow: { over: '1s', share: 0.8 } });
  await lasting(guarded, 70, 2_000);
  assert.deepEqual(guarded.states, ['open'], 'all of them were slow');

  const other = await Guarded.ready({ volume: 20, window: '1m', threshold: 0.5, slow: { over: '1s', share: 0.8 } });
  await other.calls(30, ok);
  await lasting(other, 70, 2_000);
  assert.deepEqual(other.states, []);
  assert.equal(await other.calls(1, ok), 1);
});

test('a slow call that fails counts as both, and either share opens the circuit', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', threshold: 0.9, slow: { over: '1s', share: 0.5 } });
  await guarded.calls(10, ok);
  await lasting(guarded, 10, 1_001, fails);
  assert.deepEqual(guarded.states, ['open']);
  const { calls, failures, slow } = guarded.moves[0]!;
  assert.deepEqual({ calls, failures, slow }, { calls: 20, failures: 10, slow: 10 });
});

test('a quick call may be the one that makes the volume, and opens the circuit for the slow ones before it', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', slow: { over: '1s', share: 0.9 } });
  await lasting(guarded, 19, 1_001);
  assert.deepEqual(guarded.states, []);
  assert.equal(await guarded.calls(1, ok), 1);
  assert.deepEqual(guarded.states, ['open']);
});

test('a call that tries and is slow opens the circuit again, as one that fails does; a quick one closes it', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', open: '5s', slow: { over: '1s' } });
  await lasting(guarded, 20, 1_001);
  await guarded.env.clock.advance(5_000);
  assert.deepEqual(await lasting(guarded, 1, 1_001), ['fine']);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'open']);
  assert.equal(await guarded.calls(1, ok), 0);
  await guarded.env.clock.advance(5_000);
  assert.equal(await guarded.calls(1, ok), 1);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'open', 'half-open', 'closed']);
});

test('slow calls are forgotten with the window, and kept by a policy that brings another one', async () => {
  const slow = { over: '1s', share: 0.9 };
  const guarded = await Guarded.ready({ volume: 20, window: '10s', slow });
  await lasting(guarded, 19, 1_001);
  await guarded.env.clock.advance(11_000);
  await lasting(guarded, 19, 1_001);
  assert.deepEqual(guarded.states, []);
  guarded.push({ volume: 21, window: '1m', slow });
  await guarded.calls(1, ok); // the first call under the new policy
  await guarded.env.clock.advance(30_000);
  await lasting(guarded, 1, 1_001);
  assert.deepEqual(guarded.states, ['open']);
});

test('a policy that switches slow calls off forgets no circuit that they opened, and opens none for those before', async () => {
  const guarded = await Guarded.ready({ volume: 20, window: '1m', slow: { over: '1s' } });
  await lasting(guarded, 19, 1_001);
  guarded.push({ volume: 20, window: '1m' });
  assert.equal(await guarded.calls(50, ok), 50);
  await lasting(guarded, 50, 60_000);
  assert.deepEqual(guarded.states, []);
});

test('a caller in a hurry makes no slow call', async () => {
  const guarded = await Guarded.ready({ volume: 5, window: '1m', slow: { over: '1s' } });
  await lasting(guarded, 20, 5_000, () => Promise.reject(new DOMException('gone', 'AbortError')));
  assert.deepEqual(guarded.states, []);
  assert.equal(guarded.circuits.facts(guarded.env.clock.now())[0]!.slow, 0);
});

test('circuit.slow may be a length of time alone, which is of all calls; what is neither is refused by its path', () => {
  const read = (slow: unknown) => new PolicySet({ defaults: { circuit: { slow } } }).for('orders').circuit.slow;
  assert.deepEqual(read('2s'), { over: 2_000, share: 1 });
  assert.deepEqual(read({ over: '2s', share: 0.5 }), { over: 2_000, share: 0.5 });
  assert.deepEqual(read({ over: '2s' }), read('2s'));
  assert.deepEqual(read('off'), { over: Number.POSITIVE_INFINITY, share: 1 });
  assert.throws(() => read('soon'), { message: /^defaults\.circuit\.slow must be a duration .* got 'soon'$/ });
  assert.throws(() => read({ over: '2s', share: 2 }), {
    message: /circuit\.slow\.share must be a number from 0\.01 to 1/,
  });
  assert.throws(() => read({ above: '2s' }), { message: /circuit\.slow\.above: no such field; there are over, share/ });
  assert.throws(() => read(2_000), { message: /circuit\.slow must be .*got 2000/ });
});
