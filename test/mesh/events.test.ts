import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshEvent } from '../../src/core/events.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { aMesh, THREE } from '../support/mesh.ts';

/** Hears a mesh until told otherwise. */
function listen(mesh: { on(listener: (event: MeshEvent) => void): () => void }): { events: MeshEvent[]; stop(): void } {
  const events: MeshEvent[] = [];
  return { events, stop: mesh.on((event) => events.push(event)) };
}

test('a call is told attempt by attempt, then as a whole', async () => {
  const { mesh, env } = await aMesh();
  const { events } = listen(mesh);
  const { send } = script(
    env.clock,
    { error: refused(), ms: 2 },
    { value: answer(503), ms: 3 },
    { value: answer(200), ms: 4 },
  );
  const outcome = mesh.call('orders', send, { idempotent: true });
  await env.clock.advance(1_000);
  await outcome;

  const told = events.filter(({ type }) => type !== 'endpoints');
  assert.deepEqual(
    told.map(({ type }) => type),
    ['attempt', 'retry', 'attempt', 'retry', 'attempt', 'call'],
  );
  const attempts = told.filter((event) => event.type === 'attempt');
  assert.deepEqual(
    attempts.map(({ attempt, outcome, why, sent, ms }) => [attempt, outcome, why, sent, ms]),
    [
      [1, 'failure', 'ECONNREFUSED', 'no', 2],
      [2, 'failure', 'status 503', 'yes', 3],
      [3, 'success', 'status 200', 'yes', 4],
    ],
  );
  assert.equal(new Set(attempts.map(({ endpoint }) => endpoint)).size, 3, 'each went elsewhere');
  const waits = told.flatMap((event) => (event.type === 'retry' ? [event.waitMs] : []));
  const whole = told.at(-1)!;
  assert.ok(whole.type === 'call' && whole.outcome === 'success' && whole.attempts === 3);
  assert.ok(Math.abs(whole.ms - (2 + 3 + 4 + waits[0]! + waits[1]!)) < 1e-6);
  assert.ok(told.every(({ at, service }) => at >= Date.UTC(2026, 0, 1) && service === 'orders'));
});

test('who does not listen any more hears nothing, and a listener that throws harms nobody', async () => {
  const { mesh } = await aMesh();
  const first = listen(mesh);
  mesh.on(() => {
    throw new Error('my own fault');
  });
  const second = listen(mesh);
  await mesh.call('orders', () => 1);
  first.stop();
  first.stop();
  const heard = first.events.length;
  await mesh.call('orders', () => 1);
  assert.equal(first.events.length, heard);
  assert.ok(second.events.length > heard);
});

test('ejection and return are told', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { outlier: { failures: 1 } } } });
  const { events } = listen(mesh);
  const { send, asked } = script(env.clock, { error: refused() }, { value: 1 });
  const outcome = mesh.call('orders', send);
  await env.clock.advance(100);
  await outcome;
  const { address } = asked[0]!.attempt!.endpoint;
  const ejected = events.find((event) => event.type === 'ejected')!;
  assert.deepEqual([ejected.endpoint, ejected.failures], [address, 1]);
  assert.ok(ejected.forMs >= 2_500 && ejected.forMs <= 5_000);
  assert.equal(
    events.some(({ type }) => type === 'returned'),
    false,
  );

  await env.clock.advance(5_000);
  await mesh.call('orders', () => 1);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'returned' ? [event.endpoint] : [])),
    [address],
  );
});

test('panic is told when it begins and when it is over', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { outlier: { failures: 1 }, retry: { attempts: 1 } } } });
  const { events } = listen(mesh);
  const { send } = script(env.clock, { error: refused() });
  for (let call = 0; call < 4; call++) await assert.rejects(mesh.call('orders', send));
  await env.clock.advance(60_000);
  for (let call = 0; call < 4; call++) await mesh.call('orders', () => 1);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'panic' ? [[event.on, event.endpoints]] : [])),
    [
      [true, 3],
      [false, 3],
    ],
  );
});

test('a spent retry budget is told', async () => {
  const { mesh, env } = await aMesh({ policy: { defaults: { retry: { budget: 0, perSecond: 0 } } } });
  const { events } = listen(mesh);
  const { send } = script(env.clock, { error: refused() });
  await assert.rejects(mesh.call('orders', send));
  const spent = events.find((event) => event.type === 'retry-budget')!;
  assert.deepEqual([spent.attempt, spent.why], [1, 'ECONNREFUSED']);
});

test('endpoints that come and go are told, and a registry that is away and back', async () => {
  const registry = new FakeRegistry().set('orders', THREE);
  const { mesh } = await aMesh({ registry });
  const { events } = listen(mesh);
  await mesh.call('orders', () => 1);
  registry.set('orders', [THREE[1], THREE[2], 'http://10.0.0.4:3000']);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'endpoints' ? [[event.added, event.removed, event.endpoints]] : [])),
    [
      [['10.0.0.1:3000', '10.0.0.2:3000', '10.0.0.3:3000'], [], 3],
      [['10.0.0.4:3000'], ['10.0.0.1:3000'], 3],
    ],
  );
  const away = new Error('the registry is away');
  registry.fail(away);
  assert.equal(await mesh.call('orders', () => 'the last good list stands'), 'the last good list stands');
  registry.heal();
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'registry' ? [[event.stale, event.error]] : [])),
    [
      [true, 'the registry is away'],
      [false, ''],
    ],
  );
  await mesh.close();
});
