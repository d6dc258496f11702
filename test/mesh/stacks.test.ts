import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/core/call.ts';
import type { Filter } from '../../src/core/service.ts';
import { Stack } from '../../src/core/stack.ts';
import { openMesh } from '../../src/mesh/open.ts';
import type { MeshOptions } from '../../src/mesh/options.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

type Habit = Filter<Call<unknown>, unknown>;

const counting =
  (counted: { times: number }): Habit =>
  (next) =>
  (call, context) => {
    counted.times++;
    return next(call, context);
  };

test('a filter of the cluster stack meets each call once, one of the endpoint stack each attempt', async () => {
  const [cluster, endpoint] = [{ times: 0 }, { times: 0 }];
  const { mesh, env } = await aMesh({
    stacks: {
      cluster: (stack) => stack.before('retry', { name: 'mine', filter: counting(cluster) }),
      endpoint: (stack) => stack.after('attempt', { name: 'mine', filter: counting(endpoint) }),
    },
  });
  const { send } = script(env.clock, { error: refused() }, { value: 'there' });
  const outcome = mesh.call('orders', send);
  await env.clock.advance(1_000);
  assert.equal(await outcome, 'there');
  assert.deepEqual([cluster.times, endpoint.times], [1, 2]);
  assert.match(mesh.explain('orders'), /mine/);
});

test('a filter may add headers, and sees the method and the path', async () => {
  const signed: Habit = (next) => (call, context) =>
    next({ ...call, headers: { ...call.headers, 'x-signed': `${call.method} ${call.path}` } }, context);
  const { mesh } = await aMesh({
    stacks: { cluster: (stack) => stack.before('retry', { name: 'signed', filter: signed }) },
  });
  const sent = await mesh.call('orders', ({ headers }) => headers, { method: 'GET', path: '/orders/42' });
  assert.equal(sent['x-signed'], 'GET /orders/42');
});

test('a filter may be replaced, or taken away', async () => {
  const { mesh, env } = await aMesh({
    stacks: { cluster: (stack) => stack.without('retry').replace('trace', (next) => next) },
  });
  const { send, asked } = script(env.clock, { error: refused() });
  await assert.rejects(mesh.call('orders', send), { code: 'ECONNREFUSED' });
  assert.equal(asked.length, 1);
  assert.equal(asked[0]!.attempt!.headers.traceparent, undefined);
});

test('where nothing is propagated an attempt has headers of its own all the same', async () => {
  const { mesh } = await aMesh({ stacks: { endpoint: (stack) => stack.without('propagate') } });
  const headers = { 'x-mine': '1' };
  for (const options of [{ headers }, {}]) {
    const sent = await mesh.call(
      'orders',
      (attempt) => {
        attempt.headers['x-more'] = '2';
        return attempt.headers;
      },
      options,
    );
    assert.deepEqual(sent, { ...options.headers, 'x-more': '2' });
  }
  assert.deepEqual(headers, { 'x-mine': '1' });
});

test('each service has stacks of its own', async () => {
  let built = 0;
  const { mesh } = await aMesh({
    stacks: {
      cluster: (stack) =>
        stack.before('retry', {
          name: 'mine',
          filter: (next) => {
            built++;
            return next;
          },
        }),
    },
  });
  await mesh.call('orders', () => 1);
  await mesh.call('orders', () => 1);
  await mesh.call('stock', () => 1);
  assert.equal(built, 2);
});

test('a slot that there is not is refused when the mesh is made, with those there are', async () => {
  const registry = new FakeRegistry();
  const open = (stacks: MeshOptions['stacks']) => openMesh({ service: 'checkout', registry, stacks: stacks! });
  const filter: Habit = (next) => next;
  await assert.rejects(open({ cluster: (stack) => stack.before('retri', { name: 'mine', filter }) }), {
    code: 'INVALID_ARGUMENT',
    reason: 'request',
    message: /^stacks\.cluster: no filter is named 'retri'; there are trace › .*deadline › .*retry/,
  });
  await assert.rejects(open({ endpoint: (stack) => stack.without('retry') }), {
    code: 'INVALID_ARGUMENT',
    message: /^stacks\.endpoint: no filter is named 'retry'; there are .*outlier › attempt › propagate/,
  });
  await assert.rejects(open({ cluster: (stack) => stack.before('retry', { name: 'trace', filter }) }), {
    code: 'INVALID_ARGUMENT',
    message: /^stacks\.cluster: two filters are named 'trace'/,
  });
  await assert.rejects(open({ cluster: (() => undefined) as never }), {
    code: 'INVALID_ARGUMENT',
    message: /^stacks\.cluster must give back a stack, got undefined/,
  });
  await assert.rejects(open({ cluster: 'retry' as never }), {
    code: 'INVALID_ARGUMENT',
    message: /^stacks\.cluster must be a function, got string/,
  });
  await assert.rejects(open({ clusters: () => new Stack([]) } as never), {
    code: 'INVALID_ARGUMENT',
    message: /^stacks: no such stack 'clusters'; there are cluster, endpoint/,
  });
});
