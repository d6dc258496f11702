import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { Watches } from '../../src/telemetry/watch.ts';
import type { Watcher } from '../../src/telemetry/watcher.ts';
import { FakeRegistry, testEnv } from '../../src/testing.ts';
import { anArrival } from '../support/arrival.ts';

function watchedMesh(...watchers: Watcher[]): Mesh {
  const env = testEnv();
  const registry = new FakeRegistry().set('orders', ['http://a:1']);
  return new Mesh('checkout', { ...env, watch: new Watches(env, watchers) }, registry.client(), new PolicySet({}), {});
}

const thrower = (): never => {
  throw new Error('its own fault');
};

test('whoever watches and throws, at whatever moment, changes nothing', async () => {
  let moments = 0;
  const count = (): never => {
    moments++;
    return thrower();
  };
  const mesh = watchedMesh(
    { on: true, watch: count },
    { on: true, watch: () => ({ attempt: count, end: count }) },
    { on: true, watch: () => ({ attempt: () => ({ end: count }), end: () => {} }) },
    { on: true, watch: () => ({ end: () => {} }), close: thrower },
  );
  assert.equal(await mesh.call('orders', () => 'answered'), 'answered');
  await assert.rejects(
    mesh.call('orders', () => Promise.reject(new Error('of the client'))),
    /of the client/,
  );
  await mesh.close();
  assert.equal(moments, 8);
});

test('a call that began before anybody watched is not watched half way', async () => {
  let on = false;
  const seen: string[] = [];
  const watcher: Watcher = {
    get on() {
      return on;
    },
    watch: () => {
      seen.push('call');
      return { attempt: () => void seen.push('attempt'), end: () => void seen.push('end') };
    },
  };
  const mesh = watchedMesh(watcher);
  await mesh.call('orders', () => {
    on = true;
    return 1;
  });
  assert.deepEqual(seen, []);
  await mesh.call('orders', () => 1);
  assert.deepEqual(seen, ['call', 'attempt', 'end']);
  await mesh.close();
});

test('what is watched gives back the very answer, and the first to watch is outermost', async () => {
  const order: string[] = [];
  const named = (name: string): Watcher => ({
    on: true,
    watch: () => ({
      run: (work) => {
        order.push(name);
        return work();
      },
      end: (record) => void order.push(`${name} ${record.outcome.is}`),
    }),
  });
  const mesh = watchedMesh(named('first'), named('second'));
  const answer = {};
  assert.equal(await mesh.call('orders', () => answer), answer);
  assert.deepEqual(order, ['first', 'second', 'first success', 'second success']);
  await mesh.close();
});

test('whoever throws when asked whether it wants to know is told nothing, and others are told as ever', async () => {
  let watched = 0;
  const moody: Watcher = {
    get on() {
      return thrower();
    },
    get onRequests() {
      return thrower();
    },
    watch: thrower,
    decided: thrower,
    observe: thrower,
  };
  const calm: Watcher = { on: true, watch: () => ({ end: () => watched++ }) };
  const mesh = watchedMesh(moody, calm);
  assert.equal(await mesh.call('orders', () => 'answered'), 'answered');
  const alone = watchedMesh(moody);
  assert.equal(await alone.call('orders', () => 'answered'), 'answered');
  assert.equal(await alone.receive(anArrival()), 'served');
  await Promise.all([mesh.close(), alone.close()]);
  assert.equal(watched, 1);
});
