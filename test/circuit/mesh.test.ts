import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { MeshError } from '../../src/core/errors.ts';
import { createMesh } from '../../src/mesh/create.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { fixed } from '../../src/testing/random.ts';
import { answer, script } from '../../src/testing/script.ts';

const URLS = ['http://10.0.0.1:3000', 'http://10.0.0.2:3000'];

async function aMesh(policy: PolicySections): Promise<{ mesh: Mesh; env: TestEnv }> {
  const env = testEnv({ random: fixed(0) });
  const settings: PolicySections = { retry: { attempts: 1 }, outlier: { failures: 0 }, ...policy };
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: URLS } },
    policy: { defaults: settings },
    env,
  });
  return { mesh, env };
}

const times = async (count: number, call: () => Promise<unknown>): Promise<(MeshError | undefined)[]> => {
  const errors: (MeshError | undefined)[] = [];
  for (let turn = 0; turn < count; turn++) {
    errors.push(
      await call().then(
        () => undefined,
        (error) => error,
      ),
    );
  }
  return errors;
};

test('a service of which every endpoint fails is left alone, and called again when it is well', async () => {
  const { mesh, env } = await aMesh({ circuit: { mode: 'enforce', volume: 20, open: '5s' } });
  const sick = script(env.clock, { value: answer(503) });
  const well = script(env.clock, { value: answer(200) });

  await times(20, () => mesh.call('orders', sick.send));
  const [error] = await times(1, () => mesh.call('orders', sick.send));
  assert.equal(error!.reason, 'circuit');
  assert.equal(error!.retryAfterMs, 5_000);
  assert.equal(sick.asked.length, 20);
  assert.match(mesh.explain('orders'), /circuit open: no calls for another 5s, 20 of 20 calls failed/);

  await env.clock.advance(5_000);
  assert.match(mesh.explain('orders'), /circuit open: the next call will try/);
  assert.deepEqual(await mesh.call('orders', well.send), answer(200));
  assert.match(mesh.explain('orders'), /circuit closed: 0 of 1 calls failed/);
  assert.deepEqual(mesh.snapshot().clusters[0]!.circuits, [
    { route: '', state: 'closed', calls: 1, failures: 0, slow: 0, triesInMs: 0 },
  ]);

  await mesh.close();
  assert.equal(env.clock.pending, 0);
  assert.equal(env.timeouts.waiting, 0);
});

test('however often a call is tried, it is one verdict', async () => {
  const { mesh, env } = await aMesh({
    retry: { attempts: 3, backoff: '0ms', budget: 10 },
    circuit: { mode: 'enforce', volume: 20 },
  });
  for (let call = 0; call < 30; call++) {
    const flaky = script(env.clock, { value: answer(503) }, { value: answer(503) }, { value: answer(200) });
    const settled = mesh.call('orders', flaky.send, { idempotent: true });
    await env.clock.advance(1);
    assert.deepEqual(await settled, answer(200));
    assert.equal(flaky.asked.length, 3);
  }
  const [circuit] = mesh.snapshot().clusters[0]!.circuits;
  assert.deepEqual(circuit, { route: '', state: 'closed', calls: 30, failures: 0, slow: 0, triesInMs: 0 });
  await mesh.close();
});

test('a service that hangs opens the circuit, though its client listens to no signal', async () => {
  const { mesh, env } = await aMesh({
    deadline: { timeout: '1s' },
    circuit: { mode: 'enforce', volume: 20, open: '5s' },
  });
  const hangs = script(env.clock, { never: true });
  const calls = Array.from({ length: 20 }, () =>
    assert.rejects(mesh.call('orders', hangs.send), { reason: 'deadline' }),
  );
  await env.clock.advance(1_000);
  await Promise.all(calls);
  await assert.rejects(mesh.call('orders', hangs.send), { reason: 'circuit' });

  await env.clock.advance(5_000);
  const probe = assert.rejects(mesh.call('orders', hangs.send), { reason: 'deadline' });
  await env.clock.advance(1_000); // the deadline ends it, sooner than its lease
  await probe;
  assert.deepEqual(
    env.told.flatMap((event) => (event.type === 'circuit' ? [event.state] : [])),
    ['open', 'half-open', 'open'],
  );
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

test('callers that give up, or are in a hurry of their own, open no circuit', async () => {
  const { mesh, env } = await aMesh({ deadline: { timeout: '1s' }, circuit: { mode: 'enforce', volume: 5 } });
  const hangs = script(env.clock, { never: true });
  const gone = new AbortController();
  const left = Array.from({ length: 20 }, () =>
    assert.rejects(mesh.call('orders', hangs.send, { signal: gone.signal }), { reason: 'caller' }),
  );
  await env.clock.advance(10);
  gone.abort();
  await Promise.all(left);

  const hurried: Promise<void>[] = [];
  mesh.within({ 'x-envoy-expected-rq-timeout-ms': '400' }, () => {
    for (let call = 0; call < 20; call++) {
      hurried.push(assert.rejects(mesh.call('orders', hangs.send), { reason: 'deadline' }));
    }
  });
  await env.clock.advance(400);
  await Promise.all(hurried);
  assert.equal(mesh.snapshot().clusters[0]!.circuits[0]!.calls, 0);
  await mesh.close();
});

test('a policy that is pushed switches it on and off', async () => {
  const { mesh, env } = await aMesh({});
  const sick = script(env.clock, { value: answer(503) });
  const refused = async () =>
    (await times(20, () => mesh.call('orders', sick.send))).filter((error) => error?.reason === 'circuit').length;
  assert.equal(await refused(), 0);
  assert.deepEqual(mesh.snapshot().clusters[0]!.circuits, []);

  mesh.setPolicy({ services: { orders: { circuit: { mode: 'enforce', volume: 5 } } } });
  assert.equal(await refused(), 15);
  mesh.setPolicy({});
  assert.equal(await refused(), 0);
  mesh.setPolicy({ services: { orders: { circuit: { mode: 'open' } } } });
  assert.equal(await refused(), 20);
  await mesh.close();
});

test('opossum is loaded for the first call that a circuit guards, and not before', () => {
  const program = `
    import { createRequire } from 'node:module';
    import { createMesh } from './src/index.ts';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('opossum'));
    const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://10.0.0.1:3000'] } } });
    const send = async () => 'fine';
    const said = [loaded()];
    await mesh.call('orders', send);
    said.push(loaded());
    mesh.setPolicy({ defaults: { circuit: { mode: 'observe' } } });
    await mesh.call('orders', send);
    said.push(loaded());
    await mesh.close();
    console.log(JSON.stringify(said));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), '[false,false,true]', stderr);
});
