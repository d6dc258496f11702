import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { answer, FakeRegistry, testEnv } from '../../src/testing.ts';

const LIMIT = 100;
const BURST = 10;
const POLICY = { defaults: { quota: { calls: [{ rate: `${LIMIT}/s`, burst: BURST, share: 'fleet' as const }] } } };

/** Instances of `checkout` that share a quota for calls to `orders`, in one world. */
function aFleet() {
  const env = testEnv();
  const registry = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const instances: Mesh[] = [];
  const sent: number[] = [];
  const send = async () => {
    sent.push(env.clock.now());
    return answer(200);
  };
  return {
    env,
    registry,
    sent,
    async join(): Promise<void> {
      const mesh = new Mesh('checkout', env, registry.client(), new PolicySet(POLICY), {});
      await mesh.announce({ port: 4_000 + instances.length, host: '10.1.0.1' });
      instances.push(mesh);
    },
    async leave(): Promise<void> {
      const closing = instances.pop()!.close({ drainMs: 100 });
      await env.clock.advance(200);
      await closing;
    },
    /** Every instance asks for far more than its share, for so many seconds. */
    async drive(seconds: number): Promise<void> {
      for (let ms = 0; ms < seconds * 1_000; ms += 2) {
        for (const mesh of instances) {
          await mesh.call('orders', send).catch((error) => assert.equal(MeshError.is(error) && error.reason, 'quota'));
        }
        await env.clock.run(2);
      }
    },
    async end(): Promise<void> {
      while (instances.length > 0) await this.leave();
      assert.equal(env.clock.pending, 0);
      assert.equal(registry.open, 0);
    },
  };
}

test('a quota of the fleet holds for all instances together, two seconds after each comes or goes', async () => {
  const fleet = aFleet();
  const perSecond = async (): Promise<number> => {
    await fleet.drive(2);
    const before = fleet.sent.length;
    await fleet.drive(3);
    return (fleet.sent.length - before) / 3;
  };
  const seen: [instances: number, perSecond: number][] = [];
  for (const [change, instances] of [
    ['join', 1],
    ['join', 2],
    ['join', 3],
    ['join', 4],
    ['leave', 3],
    ['leave', 2],
    ['leave', 1],
  ] as const) {
    await fleet[change]();
    seen.push([instances, await perSecond()]);
  }
  for (const [instances, rate] of seen) {
    assert.ok(Math.abs(rate - LIMIT) <= 0.05 * LIMIT, `${instances} instances: ${rate}/s`);
  }
  await fleet.end();
});

test('in no second is there more than the limit and the burst, while the fleet stays as it is', async () => {
  for (const instances of [1, 2, 4]) {
    const fleet = aFleet();
    for (let joined = 0; joined < instances; joined++) await fleet.join();
    await fleet.drive(1);
    await fleet.env.clock.advance(10_000); // so that all of the burst is there again
    await fleet.drive(3);
    for (const [at, first] of fleet.sent.entries()) {
      const within = fleet.sent.slice(at, at + 200).filter((one) => one <= first + 1_000).length;
      assert.ok(within <= LIMIT + BURST, `${within} of ${instances} instances within a second from ${first}`);
    }
    await fleet.end();
  }
});

test('while the registry is away its last list stands', async () => {
  const fleet = aFleet();
  for (let joined = 0; joined < 4; joined++) await fleet.join();
  await fleet.drive(2);
  fleet.registry.fail();
  const before = fleet.sent.length;
  await fleet.drive(2);
  assert.ok(Math.abs(fleet.sent.length - before - 2 * LIMIT) <= 10);
  fleet.registry.heal();
  await fleet.end();
});

test('who shares nothing asks nobody how many there are', async () => {
  const env = testEnv();
  const registry = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const policy = { defaults: { quota: { calls: [{ rate: '100/s' }] } } };
  const mesh = new Mesh('checkout', env, registry.client(), new PolicySet(policy), {});
  await mesh.call('orders', async () => answer(200));
  assert.equal(registry.open, 1, 'orders alone');
  await mesh.close();
  assert.equal(registry.open, 0);
});
