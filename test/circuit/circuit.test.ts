import assert from 'node:assert/strict';
import { test } from 'node:test';
import { circuit } from '../../src/circuit/circuit.ts';
import { Circuits } from '../../src/circuit/circuits.ts';
import { MeshError } from '../../src/core/errors.ts';
import { Scope } from '../../src/core/scope.ts';
import { aContext } from '../../src/testing/context.ts';
import { testEnv } from '../../src/testing/env.ts';
import { fails, Guarded, ok, status } from './guarded.ts';

const refused = { name: 'MeshError', code: 'UNAVAILABLE', reason: 'circuit', sent: 'no', service: 'orders' };

test('a circuit that is off gives back the very promise of the service, and loads nothing', () => {
  const env = testEnv();
  const circuits = new Circuits(env, () => false);
  const answer = Promise.resolve('fine');
  const service = circuit<string, string>(env, circuits)(() => answer);

  assert.equal(service('GET /1', aContext()), answer);
  assert.equal(circuits.loaded, false);
});

test('the first call waits for opossum, and those after it do not', async () => {
  const guarded = new Guarded();
  let began = 0;
  const counted = async () => void began++;

  const first = guarded.call(counted);
  assert.equal(began, 0);
  await first;
  assert.equal(began, 1);

  const second = guarded.call(counted);
  assert.equal(began, 2);
  await second;
});

test('a call that is called off while it waits for opossum is not sent', async () => {
  const guarded = new Guarded();
  const scope = new Scope();
  let began = 0;
  const call = guarded.call(async () => void began++, { scope });
  const reason = new MeshError('caller', 'orders: called off by the caller');
  scope.cancel(reason);

  await assert.rejects(call, (error) => error === reason);
  await guarded.circuits.load();
  assert.equal(began, 0);
});

test('the circuit opens when at least the threshold of the calls fails, and refuses at once', async () => {
  const guarded = await Guarded.ready({ threshold: 0.5, volume: 20, open: '5s' });
  assert.equal(await guarded.calls(10, ok), 10);
  assert.equal(await guarded.calls(9, fails), 9);
  assert.deepEqual(guarded.states, []);
  assert.equal(await guarded.calls(1, fails), 1); // 10 of 20

  assert.deepEqual(guarded.states, ['open']);
  assert.equal(await guarded.calls(5, ok), 0);
  await assert.rejects(guarded.call(ok), { ...refused, retryAfterMs: 5_000 });
});

test('a share of failures below the threshold never opens it', async () => {
  const guarded = await Guarded.ready({ threshold: 0.5, volume: 20 });
  for (let round = 0; round < 100; round++) {
    await guarded.calls(6, ok);
    await guarded.calls(5, fails);
  }
  assert.deepEqual(guarded.states, []);
});

test('failures that are older than the window are forgotten', async () => {
  const guarded = await Guarded.ready({ threshold: 0.5, volume: 20, window: '10s' });
  await guarded.calls(19, fails);
  await guarded.env.clock.advance(11_000);
  await guarded.calls(19, fails);
  assert.deepEqual(guarded.states, []);
  await guarded.calls(1, fails);
  assert.deepEqual(guarded.states, ['open']);
});

test('when its time is up one call tries, the rest are refused; a success closes it and counts begin anew', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  await guarded.calls(20, fails);
  await guarded.env.clock.advance(4_999);
  assert.equal(await guarded.calls(1, ok), 0);
  await guarded.env.clock.advance(1);

  const probe = Promise.withResolvers<string>();
  const trying = guarded.call(() => probe.promise);
  await assert.rejects(guarded.call(ok), { ...refused, retryAfterMs: undefined, message: /half-open/ });
  probe.resolve('well again');
  assert.equal(await trying, 'well again');

  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
  assert.equal(await guarded.calls(30, fails), 19); // with the one that closed it, 20
});

test('when the call that tries fails, the circuit is open for as long again', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  await guarded.calls(20, fails);
  await guarded.env.clock.advance(5_000);
  assert.equal(await guarded.calls(3, fails), 1);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'open']);
  await guarded.env.clock.advance(4_999);
  assert.equal(await guarded.calls(1, ok), 0);
  await guarded.env.clock.advance(1);
  assert.equal(await guarded.calls(3, ok), 3);
});

test('an answer of 503 counts as a failure, and the caller gets the very answer', async () => {
  const guarded = await Guarded.ready({ volume: 20 });
  const answer = status(503);
  for (let call = 0; call < 20; call++) assert.equal(await guarded.call(async () => answer), answer);
  assert.deepEqual(guarded.states, ['open']);
});

test('the caller gets the very error that its client threw', async () => {
  const guarded = await Guarded.ready();
  const error = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  await assert.rejects(
    guarded.call(() => Promise.reject(error)),
    (thrown) => thrown === error,
  );
});

test('answers that blame nobody, such as 404, count as success', async () => {
  const guarded = await Guarded.ready({ volume: 20 });
  await guarded.calls(100, async () => status(404));
  assert.deepEqual(guarded.circuits.facts(0), [
    { route: '', state: 'closed', calls: 100, failures: 0, slow: 0, triesInMs: 0 },
  ]);
});

test('observe counts and tells, and refuses nothing', async () => {
  const guarded = await Guarded.ready({ mode: 'observe', volume: 20, open: '5s' });
  assert.equal(await guarded.calls(50, fails), 50);
  assert.deepEqual(guarded.states, ['open']);
  assert.equal(guarded.moves[0]!.enforced, false);
  await guarded.env.clock.advance(5_000);
  assert.equal(await guarded.calls(50, ok), 50);
  assert.deepEqual(guarded.states, ['open', 'half-open', 'closed']);
});

test('open refuses every call, without opossum', async () => {
  const guarded = new Guarded({ mode: 'open' });
  await assert.rejects(guarded.call(ok), { ...refused, message: /policy holds the circuit open/ });
  assert.equal(guarded.circuits.loaded, false);
});

test('the circuit tells of its moves, with the counts that moved it', async () => {
  const guarded = await Guarded.ready({ volume: 20, open: '5s' });
  await guarded.calls(8, ok);
  await guarded.calls(12, fails);
  const { at, ...told } = guarded.moves[0]!;
  assert.equal(at, guarded.env.clock.epoch());
  assert.deepEqual(told, {
    type: 'circuit',
    service: 'orders',
    route: '',
    state: 'open',
    calls: 20,
    failures: 12,
    slow: 0,
    forMs: 5_000,
    enforced: true,
  });
});

test('a refusal says what led to it, and carries no stack', async () => {
  const guarded = await Guarded.ready({ volume: 20 });
  await guarded.calls(5, ok);
  await guarded.calls(15, fails);
  const error = await guarded.call(ok).catch((thrown: MeshError) => thrown);
  assert.ok(MeshError.is(error));
  assert.equal(error.message, 'orders: the circuit is open, 15 of 20 calls failed (UNAVAILABLE: circuit)');
  assert.doesNotMatch(error.stack ?? '', /\n\s+at /);
});

test('a circuit that has been closed by its cluster stands in nobody’s way', async () => {
  const guarded = await Guarded.ready({ volume: 20 });
  const late = Promise.withResolvers<string>();
  const call = guarded.call(() => late.promise);
  await guarded.calls(20, fails);
  guarded.circuits.close();
  late.resolve('late');
  assert.equal(await call, 'late');
  assert.equal(await guarded.calls(30, fails), 30);
});
