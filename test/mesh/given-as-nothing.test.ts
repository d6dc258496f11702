import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch } from '../../src/mesh/batch.ts';
import { createMesh } from '../../src/mesh/create.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';

test('an option that is given as nothing is one that was not given', async () => {
  const mesh = await createMesh({
    ...{ service: 'shop', registry: new FakeRegistry(), zone: undefined, policy: undefined, stacks: undefined },
    ...{ redis: undefined, circuits: undefined, compare: undefined, env: undefined, signals: undefined },
    identity: { issuers: undefined, token: undefined, certificate: undefined, secrets: undefined },
    telemetry: {
      ...{
        traces: undefined,
        metrics: undefined,
        prometheus: undefined,
        httpMetrics: undefined,
        rpcMetrics: undefined,
      },
      ...{ endpointLabels: undefined, accessLog: undefined, logger: undefined },
    },
  });
  const told = { host: undefined, id: undefined, weight: undefined, zone: undefined, metadata: undefined };
  const { instance } = await mesh.announce({ port: 3000, secure: undefined, ...told });
  assert.deepEqual([instance.weight, instance.zone, instance.secure, instance.metadata], [1, '', false, {}]);
  assert.equal(await mesh.dependsOn('shop', { required: undefined, minEndpoints: undefined, within: undefined }), true);
  const said = { idempotent: undefined, timeout: undefined, key: undefined, priority: undefined, signal: undefined };
  assert.equal(await mesh.call('shop', ({ url }) => Promise.resolve(url.split(':')[2]), said), '3000');
  const doubled = batch(mesh, 'shop', { window: undefined, max: undefined }, (keys: readonly number[]) =>
    Promise.resolve(new Map(keys.map((key) => [key, 2 * key]))),
  );
  assert.equal(await doubled(21, { signal: undefined, timeout: undefined }), 42);
  mesh.tap({ service: undefined, match: { status: undefined, slowerThan: undefined }, buffer: undefined }).return?.();
  mesh.middleware({ authorize: undefined, quota: undefined });
  const explained = await mesh.authorize.explain({ method: undefined, path: '/', principal: undefined });
  assert.equal(explained, 'let in: authorize.mode is off');
  await mesh.close({ drainMs: undefined, timeoutMs: undefined });
});
