import assert from 'node:assert/strict';
import { test } from 'node:test';
import Opossum from 'opossum';
import type { MeshError } from '../../src/core/errors.ts';
import { answer, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

const make = (more: Opossum.Options = {}) =>
  new Opossum(async () => 'theirs', {
    timeout: false,
    errorThresholdPercentage: 50,
    volumeThreshold: 4,
    resetTimeout: 2 ** 30,
    enableSnapshots: false,
    ...more,
  });
const POLICY = { defaults: { retry: { attempts: 1 }, outlier: { failures: 0 } } };
const told = (breaker: Opossum): string[] => {
  const events: string[] = [];
  for (const event of ['success', 'failure', 'reject', 'open', 'close'] as const)
    breaker.on(event as 'open', () => events.push(event));
  return events;
};

test('a breaker of the user opens by our verdicts, refuses by its state, and tells its own events', async () => {
  const breaker = make();
  const events = told(breaker);
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: breaker } });
  const sick = script(env.clock, { value: answer(503) });
  for (let call = 0; call < 4; call++) assert.deepEqual(await mesh.call('orders', sick.send), answer(503));
  assert.ok(breaker.opened);
  await assert.rejects(mesh.call('orders', sick.send), (error: MeshError) => error.reason === 'circuit');
  assert.equal(sick.asked.length, 4);
  assert.deepEqual(events, ['failure', 'failure', 'failure', 'failure', 'open', 'reject']);
  breaker.close();
  assert.deepEqual(await mesh.call('orders', script(env.clock, { value: answer(200) }).send), answer(200));
  assert.equal(events.at(-1), 'success');
  assert.equal(await breaker.fire(), 'theirs', 'its own action is still its own');
  const listening = breaker.listenerCount('halfOpen');
  await mesh.close();
  assert.equal(breaker.listenerCount('halfOpen'), listening - 1);
  assert.equal(breaker.isShutdown, false);
  breaker.shutdown();
});

test('half-open, one call tries and the others are refused; its answer closes the breaker', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] }); // opossum's own
  const breaker = make({ resetTimeout: 1_000 });
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: breaker } });
  breaker.open();
  t.mock.timers.tick(1_000);
  assert.ok(breaker.halfOpen);
  const well = script(env.clock, { ms: 50, value: answer(200) });
  const probe = mesh.call('orders', well.send);
  await env.clock.advance(1);
  await assert.rejects(mesh.call('orders', well.send), (error: MeshError) => error.reason === 'circuit');
  await env.clock.advance(100);
  assert.deepEqual(await probe, answer(200));
  assert.equal(well.asked.length, 1);
  assert.ok(breaker.closed);
  await mesh.close();
  breaker.shutdown();
});

test('a probe that never answers frees its place when its lease is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const breaker = make({ resetTimeout: 1_000 });
  const policy = { defaults: { ...POLICY.defaults, circuit: { open: '2s' } } } as const;
  const { mesh, env } = await aMesh({ policy, circuits: { orders: breaker } });
  breaker.open();
  t.mock.timers.tick(1_000);
  const lost = assert.rejects(mesh.call('orders', script(env.clock, { never: true }).send));
  const well = script(env.clock, { value: answer(200) });
  await env.clock.advance(1_999);
  await assert.rejects(mesh.call('orders', well.send), (error: MeshError) => error.reason === 'circuit');
  await env.clock.advance(1);
  assert.deepEqual(await mesh.call('orders', well.send), answer(200));
  await env.clock.advance(20_000);
  await lost;
  await mesh.close();
  breaker.shutdown();
});

test('an answer to a call from before it opened changes nothing', async () => {
  const breaker = make();
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: breaker } });
  const late = mesh.call('orders', script(env.clock, { ms: 50, value: answer(200) }).send);
  await env.clock.advance(1);
  breaker.open();
  await env.clock.advance(100);
  await late;
  assert.ok(breaker.opened);
  await mesh.close();
  breaker.shutdown();
});

test('policy has the last word: observe tells and lets go, closed lets go, open refuses', async () => {
  for (const mode of ['observe', 'closed', 'open'] as const) {
    const breaker = make();
    breaker.open();
    const policy = { defaults: { ...POLICY.defaults, circuit: { mode } } };
    const { mesh, env } = await aMesh({ policy, circuits: { orders: { '*': breaker } } });
    const call = mesh.call('orders', script(env.clock, { value: answer(200) }).send);
    if (mode === 'open') await assert.rejects(call, (error: MeshError) => error.reason === 'circuit');
    else assert.deepEqual(await call, answer(200));
    await mesh.close();
    breaker.shutdown();
  }
});

test('a breaker that keeps answers is refused, as is what is no breaker', async () => {
  const cached = make({ cache: true });
  await assert.rejects(aMesh({ circuits: { orders: cached } }), /circuits\.orders has a cache/);
  await assert.rejects(aMesh({ circuits: { orders: { place: 1 as never } } }), /circuits\.orders\.place must be/);
  cached.shutdown();
});

test('a breaker with a capacity is refused, since it runs no calls whose number it could bound', async () => {
  const bounded = make({ capacity: 10 });
  await assert.rejects(aMesh({ circuits: { orders: { 'GET /1': bounded } } }), {
    code: 'INVALID_ARGUMENT',
    message: /circuits\.orders\.GET \/1 has a capacity, .*limit\.service/,
  });
  bounded.shutdown();
});

test('routes that are named have breakers of their own, and * is for the others: none hears of the calls of another', async () => {
  const [place, others] = [make(), make()];
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: { place, '*': others } } });
  const sick = script(env.clock, { value: answer(503) });
  const well = script(env.clock, { value: answer(200) });
  for (let call = 0; call < 4; call++) await mesh.call('orders', sick.send, { route: 'place' });
  for (const route of ['list', undefined, '*']) await mesh.call('orders', well.send, { route });
  assert.deepEqual([place.opened, others.opened], [true, false]);
  assert.deepEqual([place.stats.failures, place.stats.successes], [4, 0]);
  assert.deepEqual([others.stats.failures, others.stats.successes], [0, 3]);

  await assert.rejects(mesh.call('orders', well.send, { route: 'place' }), {
    message: 'orders: the circuit that was given for place is open (UNAVAILABLE: circuit)',
  });
  assert.deepEqual(await mesh.call('orders', well.send, { route: 'list' }), answer(200));
  const { circuits } = mesh.snapshot().clusters.find((one) => one.service === 'orders')!;
  assert.deepEqual(
    circuits.map(({ route, state }) => ({ route, state })),
    [
      { route: 'place', state: 'open' },
      { route: '', state: 'closed' },
    ],
  );
  assert.deepEqual(
    env.told.filter(({ type }) => type === 'circuit').map((event) => 'route' in event && event.route),
    ['place'],
  );
  await mesh.close();
  place.shutdown();
  others.shutdown();
});

test('routes that no breaker was given for are as the policy has it', async () => {
  const place = make();
  place.open();
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: { place } } });
  const well = script(env.clock, { value: answer(200) });
  assert.deepEqual(await mesh.call('orders', well.send), answer(200));
  assert.deepEqual(await mesh.call('orders', well.send, { route: 'toString' }), answer(200));
  await assert.rejects(mesh.call('orders', well.send, { route: 'place' }), { reason: 'circuit' });
  await mesh.close();
  place.shutdown();
});

test('a breaker that its owner has shut down refuses, and one that was disabled lets through', async () => {
  const breaker = make();
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: breaker } });
  const well = script(env.clock, { ms: 50, value: answer(200) });
  breaker.open();
  breaker.disable();
  const through = mesh.call('orders', well.send);
  await env.clock.advance(50);
  assert.deepEqual(await through, answer(200));

  breaker.enable();
  breaker.close();
  const underWay = mesh.call('orders', well.send);
  breaker.shutdown();
  await env.clock.advance(50);
  assert.deepEqual(await underWay, answer(200), 'what was let through gets its answer');
  await assert.rejects(mesh.call('orders', well.send), {
    message: 'orders: the circuit that was given is shut down (UNAVAILABLE: circuit)',
  });
  assert.equal(well.asked.length, 2);
  await mesh.close();
});

test('a slow call is told to a breaker as one that failed, and its caller gets the answer', async () => {
  const breaker = make();
  const policy = { defaults: { ...POLICY.defaults, circuit: { slow: { over: '1s', share: 1 } } } };
  const { mesh, env } = await aMesh({ policy, circuits: { orders: breaker } });
  const slow = script(env.clock, { ms: 1_001, value: answer(200) });
  const calls = Promise.all(Array.from({ length: 4 }, () => mesh.call('orders', slow.send)));
  await env.clock.advance(1_001);
  assert.deepEqual(
    await calls,
    Array.from({ length: 4 }, () => answer(200)),
  );
  assert.ok(breaker.opened);
  await mesh.close();
  breaker.shutdown();
});

test('a listener of the breaker that throws costs no call its answer, and no process its life', async () => {
  const breaker = make();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  for (const event of ['fire', 'success', 'failure', 'reject', 'open'] as const) {
    breaker.on(event as 'open', () => {
      throw new Error(`${event} is more than I can bear`);
    });
  }
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: breaker } });
  assert.deepEqual(await mesh.call('orders', script(env.clock, { value: answer(200) }).send), answer(200));
  assert.deepEqual(await mesh.call('orders', script(env.clock, { value: answer(503) }).send), answer(503));
  breaker.removeAllListeners('open');
  breaker.open();
  await assert.rejects(mesh.call('orders', script(env.clock, { value: answer(200) }).send), { reason: 'circuit' });
  await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections are told at the end of a turn
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
  await mesh.close();
  breaker.shutdown();
});

test('a circuit of any other make takes the place of ours by the name of its slot', async () => {
  let [failures, refused] = [0, 0];
  const { mesh, env } = await aMesh({
    policy: POLICY,
    stacks: {
      cluster: (stack) =>
        stack.replace('circuit', (next) => async (call, context) => {
          if (failures >= 2) {
            refused++;
            throw new Error('open');
          }
          const value = (await next(call, context)) as { statusCode: number };
          if (value.statusCode >= 500) failures++;
          return value;
        }),
    },
  });
  const sick = script(env.clock, { value: answer(503) });
  for (let call = 0; call < 2; call++) assert.deepEqual(await mesh.call('orders', sick.send), answer(503));
  await assert.rejects(mesh.call('orders', sick.send), { message: 'open' });
  assert.deepEqual([sick.asked.length, refused], [2, 1]);
  assert.match(mesh.explain('orders'), /quota[\s\S]*circuit[\s\S]*retry/);
  await mesh.close();
});

test('explain says that a breaker of the user stands there, and does not say when it will let a call try', async () => {
  const breaker = make();
  const { mesh, env } = await aMesh({ policy: POLICY, circuits: { orders: breaker } });
  const sick = script(env.clock, { value: answer(503) });
  for (let call = 0; call < 4; call++) await mesh.call('orders', sick.send);
  const [circuit] = mesh.snapshot().clusters[0]!.circuits;
  assert.deepEqual([circuit?.state, circuit?.triesInMs], ['open', null]);
  const text = mesh.explain('orders');
  assert.match(text, /^ *\d+ {2}circuit {6}off, and a breaker that was given guards it$/m);
  assert.match(text, /^ {4}circuit open: the breaker that was given says when a call may try$/m);
  await mesh.close();
  breaker.shutdown();
});
