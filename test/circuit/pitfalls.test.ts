// What a breaker of opossum's does when it is made with its defaults, and a circuit must not. The numbers are those of a
// list that was made by reproducing each of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Opossum from 'opossum';
import { Window } from '../../src/circuit/window.ts';
import { MeshError } from '../../src/core/errors.ts';
import { Scope } from '../../src/core/scope.ts';
import { fails, Guarded, ok } from './guarded.ts';

test('1: two circuits of one policy share nothing, and the policy is not written to', async () => {
  const [one, other] = [await Guarded.ready({ volume: 20 }), await Guarded.ready({ volume: 20 })];
  const { circuit } = one.policy();
  const before = { ...circuit };
  const policy = one.policy();
  await one.calls(20, fails, { policy });
  assert.equal(await other.call(async () => 'its own', { policy }), 'its own');
  assert.equal(await one.calls(1, ok, { policy }), 0);
  assert.deepEqual({ ...circuit }, before);
});

test('2: the first failure does not open it', async () => {
  const guarded = await Guarded.ready();
  await guarded.calls(1, fails);
  assert.equal(await guarded.calls(1, ok), 1);
});

test('3: calls in flight and calls refused do not water down the share of failures', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '1s', window: '60s' });
  const hanging = Promise.withResolvers<string>();
  const inFlight = Array.from({ length: 100 }, () => guarded.call(() => hanging.promise));
  assert.equal(await guarded.calls(20, fails), 20);
  assert.deepEqual(guarded.states, ['open']);
  assert.equal(await guarded.calls(500, ok), 0);
  assert.equal(guarded.circuits.facts(0)[0]!.calls, 20);
  hanging.resolve('at last');
  await Promise.all(inFlight);
});

test('4 and 5: a failure adds up nothing, and no latency is kept', async (t) => {
  const asked: string[] = [];
  const window = new Window(10_000, 0);
  const ofOpossum = Object.getPrototypeOf(Window.prototype);
  t.mock.getter(ofOpossum, 'stats', () => assert.fail('a failure went through the whole window'));
  t.mock.method(ofOpossum, 'increment', (property: string) => void asked.push(property));
  const breaker = new Opossum((failed: boolean) => (failed ? Promise.reject(new Error('no')) : Promise.resolve()), {
    status: window as unknown as Opossum.Status,
    timeout: false,
    volumeThreshold: 1_000_000,
  });
  t.after(() => breaker.shutdown());
  await Promise.allSettled(Array.from({ length: 1_000 }, (_, call) => breaker.fire(call % 2 === 0)));

  assert.deepEqual(window.stats, { fires: 1_000, failures: 500 });
  assert.deepEqual(asked, []);
  assert.ok((window as unknown as Opossum.Status).window.every(({ latencyTimes }) => latencyTimes.length === 0));
});

test('6: a call that runs out of time takes no other call with it', async () => {
  const guarded = await Guarded.ready();
  const [late, other] = [new Scope(), new Scope()];
  const never = () => new Promise(() => {});
  const answer = Promise.withResolvers<string>();
  void guarded.call(never, { scope: late });
  const going = guarded.call(() => answer.promise, { scope: other });
  late.cancel(new MeshError('deadline', 'orders: 10s are up'));
  assert.equal(other.cancelled, false);
  answer.resolve('fine');
  assert.equal(await going, 'fine');
});

test('7: what the mesh itself refuses does not open it', async () => {
  const guarded = await Guarded.ready({ volume: 20 });
  const nobody = () => Promise.reject(new MeshError('no-endpoints', 'orders: no endpoints'));
  assert.equal(await guarded.calls(100, nobody), 100);
  assert.equal(guarded.circuits.facts(0)[0]!.calls, 0);
});

test('8: however many calls there are at once, none is turned away for it, nor taken for a failure', async () => {
  const guarded = await Guarded.ready({ volume: 20 });
  const answer = Promise.withResolvers<string>();
  const calls = Array.from({ length: 10_000 }, () => guarded.call(() => answer.promise));
  answer.resolve('fine');
  assert.equal((await Promise.all(calls)).length, 10_000);
  assert.deepEqual(guarded.states, []);
});

test('9: a success that began before it opened does not close it, and a failure does not open it again', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  const [good, bad] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const early = [guarded.call(() => good.promise), guarded.call(() => bad.promise).catch(() => {})];
  await guarded.calls(20, fails);
  await guarded.env.clock.advance(5_000);
  const probe = Promise.withResolvers<string>();
  const trying = guarded.call(() => probe.promise);

  good.resolve('from before');
  bad.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  await Promise.all(early);
  assert.deepEqual(guarded.states, ['open', 'half-open']);
  assert.equal(await guarded.calls(1, ok), 0);

  probe.resolve('well again');
  await trying;
  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
});

test('10: a call that tries and never ends makes room for the next', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  await guarded.calls(20, fails);
  await guarded.env.clock.advance(5_000);
  void guarded.call(() => new Promise(() => {}));
  await guarded.env.clock.advance(4_999);
  assert.equal(await guarded.calls(1, ok), 0);
  await guarded.env.clock.advance(1);
  assert.equal(await guarded.calls(3, ok), 3);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
});

test('11: a circuit that opens late in the life of its process stays open for its whole time, also when it is made anew', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  await guarded.calls(1, ok);
  await guarded.env.clock.advance(3_600_000);
  await guarded.calls(20, fails);
  guarded.push({ volume: 40, threshold: 0.3, open: '5s' });
  await guarded.env.clock.advance(4_999);
  assert.equal(await guarded.calls(1, ok), 0);
  assert.deepEqual(guarded.states, ['open']);
});

test('12: no interval is ever started, and what closes a circuit ends its every timer', async (t) => {
  const running = new Set<unknown>();
  const { setTimeout: start, clearTimeout: stop } = globalThis;
  const intervals = t.mock.method(globalThis, 'setInterval');
  t.mock.method(globalThis, 'setTimeout', (run: () => void, ms: number) => {
    const timer = start(run, ms);
    running.add(timer);
    return timer;
  });
  t.mock.method(globalThis, 'clearTimeout', (timer: NodeJS.Timeout) => {
    running.delete(timer);
    stop(timer);
  });
  const route = 'GET /search';
  const routes = { services: { orders: { routes: { [route]: {} } } } };
  const guarded = await Guarded.ready({ volume: 20, open: '5s' }, routes);
  await guarded.calls(50, ok);
  assert.equal(running.size, 0);
  await guarded.calls(20, fails, { route });
  for (let round = 0; round < 3; round++) {
    await guarded.calls(60, fails);
    await guarded.env.clock.advance(5_000);
  }
  guarded.push({ volume: 20, open: '9s', window: '5s' });
  await guarded.calls(1, fails);
  assert.deepEqual(
    [...running].map((timer) => (timer as NodeJS.Timeout).hasRef()),
    [false, false], // opossum's own, one for each circuit that is open
  );

  guarded.circuits.close();
  assert.equal(running.size, 0);
  assert.equal(intervals.mock.callCount(), 0);
  assert.equal(guarded.env.clock.pending, 0);
});

test('13: an answer of nothing is a success, and no verdict is none: it does not close what is half-open', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  assert.equal(await guarded.call(async () => undefined), undefined);
  assert.equal(guarded.circuits.facts(0)[0]!.failures, 0);
  await guarded.calls(20, fails);
  await guarded.env.clock.advance(5_000);

  const classify = () => 'none' as const;
  assert.equal(await guarded.calls(1, ok, { classify }), 1);
  assert.deepEqual(guarded.states, ['open', 'half-open']);
  assert.equal(await guarded.calls(1, ok), 1); // the next may try at once
  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
});

test('14: circuits that opened at one moment do not all try at one moment', async () => {
  const waits = new Set<number>();
  for (const random of [0, 0.25, 0.5, 0.99]) {
    const guarded = await Guarded.ready({ volume: 20, open: '4s' }, {}, random);
    await guarded.calls(20, fails);
    waits.add(guarded.moves[0]!.forMs);
  }
  assert.deepEqual([...waits], [4_000, 3_500, 3_000, 2_020]);
});
