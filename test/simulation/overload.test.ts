import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Send } from '../../src/core/call.ts';
import { seeded } from '../../src/core/random.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { openMesh } from '../../src/mesh/open.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { type Answer, answer } from '../../src/testing/script.ts';
import { SimulatedWorld } from '../../src/testing/simulated-world.ts';
import { percent, SEEDS } from './figures.ts';
import { goodput, offer, type Shares, shareServed, Workers } from './overload.ts';

const [FROM, TO] = [5_000, 10_000];
const SERVERS = 4; // where there are several
const WORKERS = 8; // of all together
const CAPACITY = (WORKERS / Workers.MEAN_MS) * 1_000; // requests a second that eight workers can do

/** An instance of `orders` in virtual time: a mesh that lets requests in, and workers behind it. */
async function anInstance(env: TestEnv, shed: NonNullable<PolicySections['shed']>, workers: number, seed: number) {
  const work = new Workers(env.clock, seeded(seed, 2), workers);
  const mesh = await openMesh({ service: 'orders', registry: { fixed: {} }, policy: { defaults: { shed } }, env });
  const ask = (headers: Readonly<Record<string, string>>): Promise<unknown> => {
    const arrival: Partial<Arrival> = {
      method: 'GET',
      path: '/orders/7',
      headers,
      onHangUp: () => {},
      serve: () => work.work().then(() => answer(200)),
      refuse: ({ status, headers }) => answer(status, headers),
    };
    return mesh.receive(arrival as Arrival);
  };
  return { mesh, ask };
}

/** One instance behind `shed`, asked three times as much as it can do, by callers who wait a fifth of a second. */
async function served(shed: NonNullable<PolicySections['shed']>, seed: number): Promise<Shares> {
  const env = testEnv({ random: seeded(seed, 1) });
  const { mesh, ask } = await anInstance(env, shed, WORKERS, seed);
  const shares = await offer(env.clock, 3 * CAPACITY, { from: FROM, to: TO, seed }, async (priority) => {
    const began = env.clock.now();
    const headers = { 'x-envoy-expected-rq-timeout-ms': '200', baggage: `inmesh.priority=${priority}` };
    const { statusCode } = (await ask(headers)) as Answer;
    return statusCode === 200 && env.clock.now() - began <= 200;
  });
  await mesh.close();
  assert.equal(env.clock.pending, 0);
  return shares;
}

/** A mesh that calls four servers three times as often as they can answer. */
async function called(
  policy: PolicySections,
  seed: number,
  env: TestEnv,
  { registry, send }: Pick<SimulatedWorld, 'registry' | 'send'>,
): Promise<Shares> {
  const defaults: PolicySections = { deadline: { timeout: '200ms' }, ...policy };
  const mesh = new Mesh('checkout', env, registry, new PolicySet({ defaults }), {});
  const shares = await offer(env.clock, 3 * CAPACITY, { from: FROM, to: TO, seed }, (priority) =>
    mesh.call('orders', send, { priority }).then(
      (came) => (came as Answer).statusCode === 200,
      () => false,
    ),
  );
  await mesh.close();
  return shares;
}

function holds(shares: Shares): void {
  const share = goodput(shares, TO - FROM) / CAPACITY;
  const critical = shareServed(shares.critical);
  assert.ok(share >= 0.9, `goodput is ${percent(share)} of what can be done`);
  assert.ok(critical >= 0.99, `${percent(critical)} of what is critical was served`);
  assert.ok(shareServed(shares.sheddable) < shareServed(shares.default), 'the least important is refused first');
}

for (const seed of SEEDS) {
  for (const algorithm of ['gradient', 'gradient2', 'vegas', 'aimd'] as const) {
    test(`asked for three times what it can do, an instance that learns by ${algorithm} does 90 % of that, and 99 % of what is critical (seed ${seed})`, async () => {
      holds(await served({ mode: 'enforce', algorithm }, seed));
    });
  }

  test(`asked for three times what it can do, an instance that refuses nothing does next to nothing in time (seed ${seed})`, async () => {
    const shares = await served({}, seed);
    assert.ok(goodput(shares, TO - FROM) < 0.1 * CAPACITY, `${goodput(shares, TO - FROM)} of ${CAPACITY}`);
  });

  test(`a caller that learns what servers can do gets 90 % of it, though they refuse nothing (seed ${seed})`, async () => {
    const env = testEnv({ random: seeded(seed, 1) });
    const servers = Array.from({ length: SERVERS }, () => ({ workers: WORKERS / SERVERS, ms: Workers.MS }));
    const world = new SimulatedWorld(env.clock, seeded(seed, 2), servers);
    holds(await called({ limit: { endpoint: 1_000, algorithm: 'gradient' } }, seed, env, world));
    assert.equal(env.clock.pending, 0);
  });

  test(`a caller at its defaults and servers that learn their limits do 90 % of what can be done, priorities and all (seed ${seed})`, async () => {
    const env = testEnv({ random: seeded(seed, 1) });
    const instances = await Promise.all(
      Array.from({ length: SERVERS }, (_, at) =>
        anInstance(env, { mode: 'enforce', algorithm: 'gradient' }, WORKERS / SERVERS, seed + at),
      ),
    );
    const urls = instances.map((_, at) => `http://10.0.0.${at + 1}:3000`);
    const registry = new FakeRegistry().set('orders', urls);
    const send: Send<unknown> = ({ url, headers }) => instances[urls.indexOf(url)]!.ask(headers);
    holds(await called({}, seed, env, { registry, send }));
    for (const { mesh } of instances) await mesh.close();
    assert.equal(env.clock.pending, 0);
  });
}
