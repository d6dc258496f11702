import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { FakeRegistry, testEnv } from '../../src/testing.ts';
import { anArrival } from '../support/arrival.ts';

const [LIMIT, BURST] = [100, 20];
const REQUESTS = [{ rate: `${LIMIT}/s`, burst: BURST, per: 'all', share: 'fleet' }] as const;
const POLICY = { services: { orders: { quota: { requests: REQUESTS } } } };

for (const instances of [1, 2, 4]) {
  test(`${instances} instances serve no more than the limit and the burst in any second, and the limit all the time`, async () => {
    const [env, registry] = [testEnv(), new FakeRegistry()];
    const meshes = Array.from(
      { length: instances },
      () => new Mesh('orders', env, registry.client(), new PolicySet(POLICY), {}),
    );
    for (const [at, mesh] of meshes.entries()) await mesh.announce({ port: 3_000 + at, host: '10.0.0.1' });
    const served: number[] = [];
    for (let ms = 0; ms < 5_000; ms += 2) {
      for (const mesh of meshes) if ((await mesh.receive(anArrival())) === 'served') served.push(env.clock.now());
      await env.clock.run(2);
    }
    for (const [at, first] of served.entries()) {
      const within = served.slice(at, at + 2 * LIMIT).filter((one) => one <= first + 1_000).length;
      assert.ok(within <= LIMIT + BURST, `${within} within a second from ${first}`);
    }
    const later = served.filter((at) => at >= 2_000).length / 3;
    assert.ok(Math.abs(later - LIMIT) <= 0.05 * LIMIT, `${later}/s`);
    const closing = Promise.all(meshes.map((mesh) => mesh.close({ drainMs: 0 })));
    await env.clock.advance(10);
    await closing;
    assert.equal(env.clock.pending, 0);
    assert.equal(registry.open, 0);
  });
}
