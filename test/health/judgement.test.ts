import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Send } from '../../src/core/call.ts';
import type { MeshEvent } from '../../src/core/events.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, refused, seeded } from '../../src/testing.ts';
import { aWorld, give, hang, type World } from '../filters/world.ts';

const once: PolicySections = { retry: { attempts: 1 }, balance: { picker: 'round-robin' } };
const named = (count: number) => Array.from({ length: count }, (_, at) => `http://s${at}:1`);

const told = <T extends MeshEvent['type']>(world: World, type: T) =>
  world.env.told.filter((event): event is Extract<MeshEvent, { type: T }> => event.type === type);

const calls = async (world: World, count: number, send: Send<unknown>): Promise<void> => {
  for (let call = 0; call < count; call++) await world.call(send).catch(() => {});
};

const hostOf = ({ url }: { url: string }) => new URL(url).host;
const out = (world: World) => told(world, 'ejected').map(({ endpoint }) => endpoint);

/** Fails a share of the calls of each endpoint, evenly: `{ 's0:1': 0.5 }`. */
function failing(shares: Readonly<Record<string, number>>, bad: () => unknown = () => answer(500)): Send<unknown> {
  const seen = new Map<string, number>();
  return (attempt) => {
    const host = hostOf(attempt);
    const turn = (seen.get(host) ?? 0) + 1;
    seen.set(host, turn);
    const share = shares[host] ?? 0;
    return Math.floor(turn * share) > Math.floor((turn - 1) * share) ? bad() : answer(200);
  };
}

test('a probe that never answers: the endpoint is tried again within its lease, and is back', async () => {
  const world = aWorld({
    policy: { ...once, outlier: { failures: 1, ejection: '5s' }, deadline: { timeout: '1h' } },
    endpoints: named(3),
  });
  await calls(world, 3, failing({ 's0:1': 1 }));
  assert.deepEqual(out(world), ['s0:1']);
  await world.env.clock.advance(3_750);
  const caller = new AbortController();
  const probe = world.call(hang, { signal: caller.signal });
  probe.catch(() => {});
  assert.equal(hostOf(world.seen.at(-1)!.attempt), 's0:1');
  await world.env.clock.advance(4_999);
  await calls(world, 6, give(answer(200)));
  assert.equal(told(world, 'returned').length, 0);
  await world.env.clock.advance(1);
  await calls(world, 1, give(answer(200)));
  assert.deepEqual(
    told(world, 'returned').map(({ endpoint, at }) => [endpoint, at - told(world, 'ejected')[0]!.at]),
    [['s0:1', 3_750 + 5_000]],
  );
  caller.abort();
  await world.end();
});

for (const count of [2, 3, 5, 9]) {
  test(`of ${count}, one may be put out however small the share that may, and no other with it`, async () => {
    const world = aWorld({
      policy: { ...once, outlier: { failures: 1 }, fleet: { maxEjected: 0.01 } },
      endpoints: named(count),
    });
    await calls(world, 10 * count, () => Promise.reject(refused()));
    assert.equal(out(world).length, 1);
    await world.end();
  });

  test(`of ${count}, all but the last are put out where all fail`, async () => {
    const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: named(count) });
    await calls(world, 10 * count, () => Promise.reject(refused()));
    assert.equal(out(world).length, count - 1);
    await world.end();
  });
}

test('nobody is put out once the share that may be is: 3 of 10 at 0.3', async () => {
  const world = aWorld({
    policy: { ...once, outlier: { failures: 1 }, fleet: { maxEjected: 0.3 } },
    endpoints: named(10),
  });
  await calls(world, 100, () => Promise.reject(refused()));
  assert.equal(out(world).length, 3);
  await world.end();
});

test('an endpoint that asks to be left alone is, for as long as it asks, and is no iller for it', async () => {
  for (const status of [503, 429]) {
    const world = aWorld({ policy: { ...once, outlier: { failures: 2 } }, endpoints: named(3) });
    const busy: Send<unknown> = (attempt) =>
      hostOf(attempt) === 's1:1' ? answer(status, { 'retry-after': '4' }) : answer(200);
    await calls(world, 3, busy);
    const [ejected] = told(world, 'ejected');
    assert.deepEqual([ejected!.endpoint, ejected!.why, ejected!.forMs, ejected!.failures], ['s1:1', 'asked', 4_000, 0]);
    assert.match(world.mesh.explain('orders'), /s1:1 .*not picked: out for another 4s as it asked/);
    const before = world.seen.length;
    await world.env.clock.advance(3_999);
    await calls(world, 9, busy);
    assert.ok(world.seen.slice(before).every(({ attempt }) => hostOf(attempt) !== 's1:1'));
    await world.env.clock.advance(1);
    await calls(world, 1, give(answer(200)));
    assert.equal(told(world, 'returned').length, 1);
    await calls(world, 6, failing({ 's1:1': 1 }));
    assert.equal(told(world, 'ejected').at(-1)!.forMs, 3_750, 'the first time is the first time');
    await world.end();
  }
});

test('what is asked for is bounded, and those that are left must be enough', async () => {
  const world = aWorld({ policy: once, endpoints: named(4) });
  await calls(world, 8, give(answer(429, { 'retry-after': '86400' })));
  assert.deepEqual(
    told(world, 'ejected').map(({ forMs }) => forMs),
    [30_000, 30_000],
  );
  assert.equal(told(world, 'panic').length, 0);
  await world.end();
});

test('one that is leaving gets no more calls: Envoy’s header, and a nack on a connection that closes', async () => {
  for (const [status, headers] of [
    [200, { 'x-envoy-immediate-health-check-fail': 'true' }],
    [503, { 'finagle-http-nack': 'true', connection: 'close' }],
  ] as const) {
    const world = aWorld({ policy: once, endpoints: named(3) });
    await calls(world, 12, (attempt) => (hostOf(attempt) === 's2:1' ? answer(status, headers) : answer(200)));
    assert.equal(world.seen.filter(({ attempt }) => hostOf(attempt) === 's2:1').length, 1);
    assert.deepEqual(
      told(world, 'ejected').map(({ why, endpoint }) => [why, endpoint]),
      [['leaving', 's2:1']],
    );
    assert.match(world.mesh.explain('orders'), /s2:1 .*as it said that it is leaving/);
    await world.end();
  }
});

test('a small share of good answers leaves out one that never fails often enough in a row', async () => {
  const policy: PolicySections = { ...once, outlier: { failures: 5, successRate: 0.8 } };
  const world = aWorld({ policy, endpoints: named(3) });
  await calls(world, 30, failing({ 's0:1': 0.5 }));
  assert.deepEqual(
    told(world, 'ejected').map(({ why, endpoint }) => [why, endpoint]),
    [['success-rate', 's0:1']],
  );
  assert.match(world.mesh.explain('orders'), /s0:1 .*after 3 of 6 calls failed within 10s/);
  await world.end();
  const others = aWorld({ policy, endpoints: named(3) });
  await calls(others, 60, failing({ 's0:1': 0.2 }));
  assert.deepEqual(out(others), [], 'at the bar is not below it');
  await others.end();
});

test('where success rates count, a 429 is none, and fails a probe', async () => {
  const limited = () => answer(429);
  const world = aWorld({ policy: { ...once, outlier: { successRate: 0.8 } }, endpoints: named(3) });
  await calls(world, 15, failing({ 's0:1': 1 }, limited));
  assert.deepEqual(
    told(world, 'ejected').map(({ why, failures }) => [why, failures]),
    [['success-rate', 0]],
  );
  await world.env.clock.advance(3_750);
  await calls(world, 1, failing({ 's0:1': 1 }, limited));
  assert.equal(told(world, 'ejected').length, 2);
  assert.equal(told(world, 'returned').length, 0);
  await world.end();
  const usual = aWorld({ policy: once, endpoints: named(3) });
  await calls(usual, 100, failing({ 's0:1': 1 }, limited));
  assert.deepEqual(out(usual), []);
  await usual.end();
});

/** Runs one interval of a fleet, and the first call after it, which judges. */
async function interval(world: World, perEndpoint: number, size: number, send: Send<unknown>): Promise<void> {
  await calls(world, perEndpoint * size, send);
  await world.env.clock.advance(10_000);
  await calls(world, 1, give(answer(200)));
}

const A50: PolicySections = { ...once, outlier: { failures: 0 }, fleet: { interval: '10s' } };

test('one that does worse than its fleet is left out, by gRFC A50: 50 % where four others have 100 %', async () => {
  const world = aWorld({ policy: A50, endpoints: named(5) });
  await interval(world, 100, 5, failing({ 's3:1': 0.5 }));
  const [ejected, ...others] = told(world, 'ejected');
  assert.deepEqual([ejected!.endpoint, ejected!.why, others.length], ['s3:1', 'fleet', 0]);
  assert.match(world.mesh.explain('orders'), /s3:1 .*after its success rate of 50 % was below the 52 % of its fleet/);
  await world.end();
});

test('too few calls, too few endpoints, or all alike: nobody is left out', async () => {
  for (const [each, size, shares] of [
    [99, 5, { 's3:1': 0.5 }],
    [100, 4, { 's3:1': 0.5 }],
    [100, 5, { 's0:1': 0.5, 's1:1': 0.5, 's2:1': 0.5, 's3:1': 0.5, 's4:1': 0.5 }],
  ] as const) {
    const world = aWorld({ policy: A50, endpoints: named(size) });
    await interval(world, each, size, failing(shares));
    assert.deepEqual(out(world), []);
    await world.end();
  }
});

test('more failures than are bearable leave out many at a time, but no more than may be', async () => {
  const shares = { 's0:1': 0.9, 's1:1': 0.9, 's2:1': 0.9 };
  for (const [maxEjected, count] of [
    [1, 3],
    [0.4, 2],
  ] as const) {
    const world = aWorld({ policy: { ...A50, fleet: { interval: '10s', maxEjected } }, endpoints: named(5) });
    await interval(world, 100, 5, failing(shares));
    assert.equal(out(world).length, count);
    await world.end();
  }
});

test('in shadow mode all is found and told, and nobody is left out', async () => {
  const policy: PolicySections = { ...A50, outlier: { failures: 5, successRate: 0.8, enforce: 0 } };
  const world = aWorld({ policy, endpoints: named(5) });
  await interval(world, 100, 5, failing({ 's3:1': 0.5, 's4:1': 1 }));
  const kinds = new Set(told(world, 'ejected').map(({ why }) => why));
  assert.deepEqual([...kinds].sort(), ['failures', 'fleet', 'success-rate']);
  assert.ok(told(world, 'ejected').every(({ enforced, forMs }) => !enforced && forMs === 0));
  assert.ok(world.mesh.snapshot().clusters[0]!.endpoints.every(({ state }) => state === 'in'));
  await world.end();
});

test('a share of those found is left out where the policy says so', async () => {
  const world = aWorld({
    policy: { ...once, outlier: { failures: 1, enforce: 0.25 }, fleet: { maxEjected: 1 } },
    endpoints: named(200),
    random: seeded(7),
  });
  await calls(world, 200, () => Promise.reject(refused()));
  const enforced = told(world, 'ejected').filter((event) => event.enforced).length;
  assert.equal(told(world, 'ejected').length, 200);
  assert.ok(enforced > 30 && enforced < 75, `${enforced} of 200`);
  await world.end();
});

test('a policy that only finds from now on brings back what was left out, with its probe', async () => {
  const world = aWorld({ policy: { ...once, outlier: { failures: 1 } }, endpoints: named(2) });
  await calls(world, 2, failing({ 's0:1': 1 }));
  world.mesh.setPolicy({ defaults: { ...once, outlier: { failures: 1, enforce: 0 } } });
  await world.env.clock.advance(3_750);
  await calls(world, 1, () => Promise.reject(refused()));
  assert.equal(told(world, 'returned').length, 1);
  await world.end();
});
