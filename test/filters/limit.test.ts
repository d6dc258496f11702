import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer } from '../../src/testing/script.ts';
import { aWorld, later, type World } from './world.ts';

/** Calls that are answered when they are told to be. */
function limited(
  limit: NonNullable<PolicySections['limit']>,
  more: PolicySections = {},
  endpoints?: readonly string[],
) {
  const world = aWorld({ policy: { limit, ...more }, ...(endpoints && { endpoints }) });
  const came: string[] = [];
  const ends: ((value?: unknown) => void)[] = [];
  const send: Send<unknown> = () => new Promise((resolve) => ends.push((value = answer(200)) => resolve(value)));
  const call = async (name: string, options?: CallOptions): Promise<void> => {
    world.call(send, options).then(
      () => came.push(`${name} at ${world.env.clock.now()}`),
      (error) => came.push(`${name} ${error.reason} at ${world.env.clock.now()}`),
    );
    await world.env.clock.advance(0);
  };
  const finish = async (): Promise<void> => {
    for (; ends.length > 0; await world.env.clock.advance(0)) ends.shift()!();
    await world.end();
  };
  return { world, came, ends, call, finish };
}

const addresses = ({ seen }: World): string[] => seen.map(({ attempt }) => attempt.endpoint.address).sort();

test('an endpoint that is full is passed over, and only when all are full is a call refused', async () => {
  const { world, came, call, finish } = limited({ endpoint: 2 });
  for (let turn = 0; turn < 7; turn++) await call(`${turn}`);
  assert.deepEqual(addresses(world), ['a:1', 'a:1', 'b:1', 'b:1', 'c:1', 'c:1']);
  assert.deepEqual(came, ['6 limit at 0']);
  assert.match(world.mesh.explain('orders'), /2 of 2 in flight: passed over: as many calls are under way as may be/);
  await finish();
});

for (const picker of [
  'round-robin',
  'weighted-round-robin',
  'random',
  'ring-hash',
  'maglev',
  'least-request',
] as const) {
  test(`full endpoints are passed over by ${picker}, too`, async () => {
    const { world, came, call, finish } = limited({ endpoint: 2 }, { balance: { picker } });
    for (let turn = 0; turn < 7; turn++) await call(`${turn}`, { key: 'same' });
    assert.deepEqual(addresses(world), ['a:1', 'a:1', 'b:1', 'b:1', 'c:1', 'c:1']);
    assert.equal(came.length, 1);
    await finish();
  });
}

test('an endpoint that is out of rotation is not asked because the others are full', async () => {
  const { world, came, call, ends, finish } = limited(
    { endpoint: 1 },
    { outlier: { failures: 1 }, retry: { attempts: 1 } },
    ['http://a:1', 'http://b:1', 'http://c:1'],
  );
  await call('fails');
  ends.shift()!(answer(500));
  await world.env.clock.advance(0);
  const [sick] = addresses(world);
  for (let turn = 0; turn < 3; turn++) await call(`${turn}`);
  assert.deepEqual(came, ['fails at 0', '2 limit at 0']);
  assert.equal(addresses(world).filter((address) => address === sick).length, 1);
  await finish();
});

test('a refusal says what is full, that nothing was sent, and is told', async () => {
  const { world, call, finish } = limited({ service: 1 });
  await call('first');
  await assert.rejects(
    world.call(() => answer(200)),
    {
      message: 'orders: 1 of 1 calls are under way (RESOURCE_EXHAUSTED: limit)',
      reason: 'limit',
      sent: 'no',
    },
  );
  const told = world.env.told.filter((event) => event.type === 'limit');
  assert.deepEqual(
    told.map(({ full, priority, inFlight, waiting }) => [full, priority, inFlight, waiting]),
    [['service', 'default', 1, 0]],
  );
  await finish();
});

test('a refusal is not tried again, is no verdict of a circuit, and puts no endpoint out', async () => {
  const { world, call, finish } = limited({ endpoint: 1 }, { circuit: { mode: 'enforce', volume: 5 } });
  for (let turn = 0; turn < 30; turn++) await call(`${turn}`);
  const [cluster] = world.mesh.snapshot().clusters;
  assert.equal(world.env.told.filter(({ type }) => type === 'limit').length, 27);
  assert.equal(cluster!.circuits[0]!.failures, 0);
  assert.ok(cluster!.endpoints.every(({ state }) => state === 'in'));
  assert.equal(world.env.told.filter(({ type }) => type === 'retry').length, 0);
  await finish();
});

test('what waits goes when there is room, the most important first, and leaves when its time is up', async () => {
  const { world, came, ends, call, finish } = limited({ service: 1, queue: 3, wait: '1s' });
  const { clock } = world.env;
  await call('a');
  await call('b');
  await call('c', { priority: 'critical' }); // comes in twice the limit
  await call('d', { priority: 'critical' });
  await call('e', { timeout: '100ms' });
  assert.match(world.mesh.explain('orders'), /limit: 2 under way of 1, 3 waiting/);
  await clock.advance(100);
  assert.deepEqual(came, ['e deadline at 100']);
  ends.shift()!();
  await clock.advance(0);
  assert.deepEqual(came, ['e deadline at 100', 'a at 100']);
  ends.shift()!(); // c
  ends.shift()!(); // d
  await clock.advance(50);
  ends.shift()!();
  await clock.advance(50);
  assert.deepEqual(came.slice(2), ['c at 100', 'd at 100', 'b at 150']);
  await call('f');
  await call('g');
  await clock.advance(1_000);
  assert.deepEqual(came.slice(5), ['g limit at 1200']);
  await finish();
});

test('attempts that wait for a full endpoint go there as it gets room, the last first where so told', async () => {
  const { world, came, ends, call, finish } = limited({ endpoint: 1, queue: 2, order: 'lifo' }, {}, ['http://a:1']);
  for (const name of ['a', 'b', 'c', 'd']) await call(name);
  assert.deepEqual(came, ['b limit at 0']);
  for (let turn = 0; turn < 3; turn++) {
    await world.env.clock.advance(10);
    ends.shift()!();
    await world.env.clock.advance(0);
  }
  assert.deepEqual(came.slice(1), ['a at 10', 'd at 20', 'c at 30']);
  assert.equal(world.mesh.snapshot().clusters[0]!.endpoints[0]!.inFlight, 0);
  await finish();
});

test('a call whose client never lets go makes room when it is called off', async () => {
  const { world, came, call, finish } = limited({ service: 1, queue: 1 });
  await call('hangs', { timeout: '50ms' });
  await call('waits', { timeout: '300ms' });
  await world.env.clock.advance(400);
  assert.deepEqual(came, ['hangs deadline at 50', 'waits deadline at 300']);
  assert.equal(world.seen.length, 2);
  assert.equal(world.mesh.snapshot().clusters[0]!.limit!.inFlight, 0);
  await finish();
});

test('what waits for a full endpoint goes there once an attempt is called off whose client never lets go', async () => {
  const { world, came, call, finish } = limited({ endpoint: 1, queue: 1, wait: '10s' }, {}, ['http://a:1']);
  await call('hangs', { timeout: '50ms' });
  await call('waits', { timeout: '300ms' });
  await world.env.clock.advance(60);
  assert.deepEqual(came, ['hangs deadline at 50']);
  assert.equal(world.seen.length, 2, 'the second was sent as the first was given up');
  await finish();
});

test('a call that is called off while it is being sent takes no room for good', async () => {
  const { world, finish } = limited({ service: 1, endpoint: 1 });
  for (let turn = 0; turn < 3; turn++) {
    const caller = new AbortController();
    const send = () => {
      caller.abort();
      return new Promise<never>(() => {});
    };
    await assert.rejects(world.call(send, { signal: caller.signal }), { reason: 'caller' });
  }
  const [cluster] = world.mesh.snapshot().clusters;
  assert.deepEqual(cluster!.limit, { inFlight: 0, waiting: 0, limit: 1 });
  assert.ok(cluster!.endpoints.every(({ inFlight }) => inFlight === 0));
  await finish();
});

test('what is sheddable leaves half of an endpoint to the others', async () => {
  const { came, call, finish } = limited({ endpoint: 4 }, {}, ['http://a:1']);
  for (let turn = 0; turn < 3; turn++) await call(`s${turn}`, { priority: 'sheddable' });
  for (let turn = 0; turn < 3; turn++) await call(`d${turn}`);
  for (let turn = 0; turn < 5; turn++) await call(`c${turn}`, { priority: 'critical' });
  assert.deepEqual(came, ['s2 limit at 0', 'd2 limit at 0', 'c4 limit at 0']);
  await finish();
});

test('calls made while serving a request have its priority, unless they have one of their own', async () => {
  const { world, came, call, finish } = limited({ service: 2 });
  await call('a');
  await call('b');
  await world.mesh.within({ baggage: 'inmesh.priority=critical' }, async () => {
    await call('inherits');
    await call('has its own', { priority: 'sheddable' });
  });
  assert.deepEqual(came, ['has its own limit at 0']);
  await finish();
});

test('a limit that is learnt falls while an endpoint refuses, grows again, and outlives a policy', async () => {
  const learnt = { endpoint: 100, algorithm: 'aimd' } as const;
  const { world, finish } = limited(learnt, { retry: { attempts: 1 } }, ['http://a:1']);
  const { clock } = world.env;
  await world.mesh.dependsOn('orders'); // so that it is known
  const limit = () => world.mesh.snapshot().clusters[0]!.endpoints[0]!.limit!;
  const run = async (ms: number, status: number) => {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      const room = limit() - world.mesh.snapshot().clusters[0]!.endpoints[0]!.inFlight;
      for (let turn = 0; turn < room; turn++) {
        const send = () => new Promise((resolve) => void clock.schedule(10, () => resolve(answer(status))));
        world.call(send).catch(() => {});
      }
      await clock.advance(10);
    }
  };
  await run(10, 200);
  assert.equal(limit(), 20);
  await run(2_000, 200);
  const high = limit();
  assert.ok(high >= 35, `${high}`);
  await run(1_000, 429);
  const low = limit();
  assert.ok(low < high / 2, `${low}`);
  world.mesh.setPolicy({ defaults: { retry: { attempts: 1 }, limit: { ...learnt, endpoint: 40 } } });
  assert.equal(limit(), low);
  await run(4_000, 200); // it grows by ten a second, to 40 in three
  assert.equal(limit(), 40);
  await finish();
});

test('where nothing is limited nothing is counted, and explain says nothing of it', async () => {
  const { world, call, finish } = limited({});
  await call('a');
  assert.equal(world.mesh.snapshot().clusters[0]!.limit, null);
  assert.doesNotMatch(world.mesh.explain('orders'), /limit: /);
  await finish();
});

test('who waits for an endpoint goes as soon as it has room, also where those before it have no limit', async () => {
  const world = aWorld({ endpoints: ['http://a:1'] });
  const limit = { endpoint: 1, queue: 10, wait: '5m' };
  world.mesh.setPolicy({ services: { orders: { routes: { guarded: { limit } } } } });
  const free = world.call(later(() => world, 100));
  const guarded = [1, 2].map(() =>
    world.call(
      later(() => world, 100),
      { route: 'guarded' },
    ),
  );
  await world.env.clock.advance(300);
  await Promise.all([free, ...guarded]);
  assert.deepEqual(
    world.seen.map(({ at }) => at),
    [0, 100, 200],
  );
  await world.end();
});
