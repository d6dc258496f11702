import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { Events, events } from '../../src/core/events.ts';
import { eventChannels, tracingChannels } from '../../src/telemetry/channels.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { listenTo } from '../support/published.ts';

const STEPS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
const tracing = (name: string) => STEPS.map((step) => `tracing:inmesh:${name}:${step}`);
const steps = (heard: readonly { readonly name: string }[]) =>
  heard.map(({ name }) => name.split(':').slice(2).join(' '));

test('every kind of event has a channel of its name', (context) => {
  for (const type of Object.keys(events)) {
    const heard = listenTo(context, `inmesh:${type}`);
    const told = new Events();
    told.connect(eventChannels);
    told.emit({ type, at: 1, service: 'orders' } as never);
    assert.deepEqual(heard, [{ name: `inmesh:${type}`, message: { type, at: 1, service: 'orders' } }]);
  }
});

test('while nobody subscribes nothing is heard, and nothing is gathered', () => {
  const told = new Events();
  told.connect(eventChannels);
  assert.equal(told.heard, false);
  assert.deepEqual(
    Object.keys(events).filter((type) => told.hears(type as 'call')),
    [],
  );
  assert.equal(tracingChannels.on, false);
});

test('a subscriber is heard of from when it came until it left, for its own kind only', () => {
  const told = new Events();
  told.connect(eventChannels);
  const hear = () => {};
  channel('inmesh:retry').subscribe(hear);
  assert.deepEqual([told.hears('retry'), told.hears('call'), told.heard], [true, false, false]);
  channel('inmesh:retry').unsubscribe(hear);
  assert.equal(told.hears('retry'), false);
});

test('the events of a mesh arrive in their channels', async (context) => {
  const heard = listenTo(context, 'inmesh:retry', 'inmesh:ejected');
  const { mesh, env } = await aMesh({ policy: { defaults: { outlier: { failures: 1 } } } });
  const outcome = mesh.call('orders', script(env.clock, { error: refused() }, { value: 1 }).send);
  await env.clock.advance(100);
  await outcome;
  assert.deepEqual(
    heard.map(({ message }) => [message.type, message.service]),
    [
      ['ejected', 'orders'],
      ['retry', 'orders'],
    ],
  );
});

test('a call is traced around its attempts, and each message says how it went', async (context) => {
  const heard = listenTo(context, ...tracing('call'), ...tracing('attempt'));
  const { mesh, env } = await aMesh();
  const { send } = script(env.clock, { error: refused(), ms: 2 }, { value: answer(200), ms: 3 });
  const outcome = mesh.call('orders', send, { method: 'GET', path: '/orders/42' });
  await env.clock.advance(100);
  const value = await outcome;

  assert.deepEqual(steps(heard), [
    ...['call start', 'attempt start', 'attempt end', 'call end'],
    ...['attempt error', 'attempt asyncStart', 'attempt asyncEnd'],
    ...['attempt start', 'attempt end', 'attempt asyncStart', 'attempt asyncEnd'],
    ...['call asyncStart', 'call asyncEnd'],
  ]);
  const [failed, worked] = heard.filter(({ name }) => name.endsWith('attempt:asyncEnd')).map(({ message }) => message);
  assert.deepEqual(
    [failed?.attempt, failed?.outcome, failed?.why, failed?.ms, String(failed?.error)],
    [1, 'failure', 'ECONNREFUSED', 2, 'Error: ECONNREFUSED'],
  );
  assert.deepEqual([worked?.attempt, worked?.outcome, worked?.status, worked?.ms], [2, 'success', 200, 3]);
  assert.match(String(worked?.endpoint), /^10\.0\.0\.\d:3000$/);
  const { message } = heard.at(-1)!;
  assert.deepEqual(
    [message.service, message.method, message.outcome, message.attempts],
    ['orders', 'GET', 'success', 2],
  );
  assert.equal(message.result, value);
});

test('a call whose client never lets go is over for its subscribers when it is over for its caller', async (context) => {
  const heard = listenTo(context, ...tracing('call'), ...tracing('attempt'));
  const { mesh, env } = await aMesh();
  const outcome = assert.rejects(mesh.call('orders', () => new Promise(() => {}), { timeout: '1s' }));
  await env.clock.advance(1_000);
  await outcome;
  assert.deepEqual(steps(heard).slice(4), [
    ...['attempt error', 'attempt asyncStart', 'attempt asyncEnd'],
    ...['call error', 'call asyncStart', 'call asyncEnd'],
  ]);
  assert.equal((heard.at(-1)!.message.error as { reason: string }).reason, 'deadline');
});

test('a store that is bound to the channels is there while the client sends', async (context) => {
  const stores = { call: new AsyncLocalStorage<string>(), attempt: new AsyncLocalStorage<string>() };
  for (const name of ['call', 'attempt'] as const) {
    const { start } = tracingChannel(`inmesh:${name}`);
    start.bindStore(stores[name], () => `in ${name}`);
    context.after(() => start.unbindStore(stores[name]));
  }
  const { mesh } = await aMesh();
  const seen = await mesh.call('orders', async () => [stores.call.getStore(), stores.attempt.getStore()]);
  assert.deepEqual(seen, ['in call', 'in attempt']);
  assert.equal(stores.call.getStore(), undefined);
});
