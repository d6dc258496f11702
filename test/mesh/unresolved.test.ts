import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { FakeRegistry } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

/** What a call comes to that has a second, where the registry has this trouble meanwhile. */
async function outcome(trouble?: Error): Promise<MeshError> {
  const registry = new FakeRegistry().pending('orders');
  const { mesh, env } = await aMesh({ registry });
  const failed = mesh.call('orders', async () => 'answered', { timeout: '1s' }).catch((error: unknown) => error);
  if (trouble !== undefined) registry.fail(trouble);
  await env.clock.advance(1_000);
  const error = await failed;
  assert.ok(MeshError.is(error));
  assert.equal(env.clock.pending, 0);
  await mesh.close();
  return error;
}

test('a call whose time ran out while the registry said nothing tells that, and that nobody saw it', async () => {
  const error = await outcome();
  assert.equal(
    error.message,
    'orders: 1s are up, and the registry has not said where it is (DEADLINE_EXCEEDED: deadline)',
  );
  assert.equal(error.sent, 'no');
  assert.equal(error.cause, undefined);
});

test('where the registry can not be reached the error says what stands in the way', async () => {
  const trouble = new Error('10.0.0.1:2181: ECONNREFUSED');
  const error = await outcome(trouble);
  assert.equal(
    error.message,
    'orders: 1s are up, and the registry has not said where it is: 10.0.0.1:2181: ECONNREFUSED (DEADLINE_EXCEEDED: deadline)',
  );
  assert.equal(error.cause, trouble);
});

test('once the registry has spoken, a call whose time runs out says nothing of it', async () => {
  const registry = new FakeRegistry().pending('orders');
  const { mesh, env } = await aMesh({ registry });
  const failed = mesh.call('orders', () => new Promise(() => {}), { timeout: '1s' }).catch((error: unknown) => error);
  await env.clock.advance(400);
  registry.set('orders', ['http://10.0.0.1:3000']);
  await env.clock.advance(600);
  const error = await failed;
  assert.ok(MeshError.is(error));
  assert.equal(error.message, 'orders: 1s are up (DEADLINE_EXCEEDED: deadline)');
  assert.equal(error.sent, 'maybe');
  await mesh.close();
});
