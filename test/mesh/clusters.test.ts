import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeRegistry } from '../../src/testing.ts';
import { aMesh, THREE } from '../support/mesh.ts';

test('the service that was called last is not let go of, be there a thousand others that are reached without a call', async () => {
  const registry = new FakeRegistry().set('orders', THREE);
  const { mesh, env } = await aMesh({ registry });
  const call = () => mesh.call('orders', async ({ url }) => THREE.includes(url as (typeof THREE)[number]));
  await call();
  for (let at = 0; at < 1_000; at++) {
    registry.set(`other-${at}`, ['http://other:3000']);
    await mesh.dependsOn(`other-${at}`);
    if (at % 100 === 0) await call();
  }
  registry.set('orders', THREE.slice(1));
  assert.equal(await call(), true);
  assert.deepEqual(mesh.snapshot().clusters.filter(({ service }) => service === 'orders').length, 1);
  await mesh.close();
  assert.equal(env.clock.scheduled, 0);
  assert.equal(registry.open, 0);
});
