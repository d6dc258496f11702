import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANONYMOUS } from '../../src/core/principal.ts';
import { fault } from '../../src/filters/fault.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { aContext, seeded, testEnv } from '../../src/testing.ts';
import { aWorld, give } from './world.ts';

const world = (settings: PolicySections['fault'], more: PolicySections = {}) =>
  aWorld({ policy: { ...more, fault: settings! }, random: seeded(7) });

test('a share of the calls is broken off unsent, and it is told', async () => {
  const w = world({ abortShare: 0.1 });
  let broken = 0;
  for (let call = 0; call < 10_000; call++) {
    await w.call(give('fine')).catch((error) => {
      assert.deepEqual([error.reason, error.code, error.sent], ['fault', 'UNAVAILABLE', 'no']);
      broken++;
    });
  }
  assert.ok(Math.abs(broken - 1_000) <= 100, `${broken} of 10000`);
  assert.equal(w.seen.length, 10_000 - broken);
  assert.equal(w.env.told.filter((event) => event.type === 'injected' && event.aborted).length, broken);
  assert.match(w.mesh.explain('orders'), /fault: of the calls 10 % broken off, on purpose/);
  await w.end();
});

test('a share of the calls is delayed, drawn apart from those that are broken off', async () => {
  const w = world({ delay: '200ms', delayShare: 0.2, abortShare: 0.5 });
  const ends = { now: 0, late: 0, broken: 0, brokenLate: 0 };
  const calls = Array.from({ length: 5_000 }, () =>
    w.call(give('fine')).then(
      () => (w.env.clock.now() === 0 ? ends.now++ : ends.late++),
      () => (w.env.clock.now() === 0 ? ends.broken++ : ends.brokenLate++),
    ),
  );
  await w.env.clock.advance(200);
  await Promise.all(calls);
  for (const [what, share] of [
    ['now', 0.4],
    ['late', 0.1],
    ['broken', 0.4],
    ['brokenLate', 0.1],
  ] as const) {
    assert.ok(Math.abs(ends[what] / 5_000 - share) < 0.02, `${what}: ${ends[what]}`);
  }
  await w.end();
});

test('a delay counts against the deadline', async () => {
  const w = world({ delay: '5s', delayShare: 1 }, { deadline: { timeout: '1s' } });
  const { at, error } = await w.outcome(give('fine'));
  assert.deepEqual([at, error?.reason, w.seen.length], [1_000, 'deadline', 0]);
});

test('what is broken off is not tried again', async () => {
  const w = world({ abortShare: 1 }, { retry: { attempts: 5, budget: 10 } });
  await assert.rejects(w.call(give('fine'), { idempotent: true }), { reason: 'fault' });
  assert.equal(w.seen.length, 0);
  await w.end();
});

test('a policy that is pushed switches it on and off', async () => {
  const w = world({});
  await w.call(give('fine'));
  w.mesh.setPolicy({ defaults: { fault: { abortShare: 1 } } });
  await assert.rejects(w.call(give('fine')), { reason: 'fault' });
  w.mesh.setPolicy({});
  await w.call(give('fine'));
  await w.end();
});

test('by headers a call asks for it, where we ourselves may', async () => {
  const w = world({ callers: ['checkout'] });
  await assert.rejects(w.call(give('fine'), { headers: { 'x-envoy-fault-abort-request': '503' } }), {
    reason: 'fault',
  });
  const late = w.call(give('fine'), { headers: { 'x-envoy-fault-delay-request': '70' } });
  await w.env.clock.advance(70);
  await late;
  assert.deepEqual(
    w.seen.map(({ at }) => at),
    [70],
  );
  await w.call(give('fine'), { headers: { 'x-envoy-fault-delay-request': 'soon' } });
  await w.end();
});

const ASKS = { 'x-envoy-fault-abort-request': '503' };

/** What becomes of a call that asks to be broken off, of a service that lets `callers` ask. */
function asked(callers: readonly string[], principal: string | undefined, headers: Record<string, string> = ASKS) {
  const context = aContext({ policy: { fault: { callers } } });
  if (principal !== undefined) context.history.principal = { ...ANONYMOUS, name: principal };
  const call = { send: () => '', method: undefined, path: undefined, headers };
  return fault<string>(testEnv(), 'checkout')(async () => 'fine')(call, context).catch((error) => error.reason);
}

test('only who is named may ask; who is not proven is nobody', async () => {
  assert.equal(await asked([], undefined), 'fine');
  assert.equal(await asked(['checkout'], undefined), 'fault', 'our own code');
  assert.equal(await asked(['tester'], undefined), 'fine');
  assert.equal(await asked(['tester'], 'tester'), 'fault');
  assert.equal(await asked(['tester'], 'mallory'), 'fine');
  assert.equal(await asked(['checkout'], ''), 'fine', 'a stranger whose request we serve is not us');
  assert.equal(await asked(['checkout'], 'mallory'), 'fine');
  assert.equal(await asked(['*'], ''), 'fault');
});

test('a header may ask for a share', async () => {
  const none = { ...ASKS, 'x-envoy-fault-abort-request-percentage': '0' };
  assert.equal(await asked(['tester'], 'tester', none), 'fine');
});
