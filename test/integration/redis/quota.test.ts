import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { createMesh, type Mesh } from '../../../src/index.ts';
import { FakeRegistry } from '../../../src/testing.ts';
import { heard } from '../../support/heard.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';

const [LIMIT, BURST] = [100, 20];

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis[Symbol.asyncDispose]());

interface Fleet extends AsyncDisposable {
  readonly meshes: readonly Mesh[];
  /** Asks an instance; gives the status, and what the answer says. */
  ask(instance: number): Promise<Response>;
}

/** Instances of a service that share one quota, each with a client of its own. */
async function aFleet(service: string, instances: number, unit = 'm'): Promise<Fleet> {
  const registry = new FakeRegistry();
  const clients: Redis[] = [];
  const [meshes, servers]: [Mesh[], Server[]] = [[], []];
  const requests = [{ name: 'all', rate: `${LIMIT}/${unit}`, burst: BURST, per: 'all', share: 'redis' }] as const;
  for (let instance = 0; instance < instances; instance++) {
    const client = new Redis(redis.port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {}); // it goes away in these tests
    clients.push(client);
    await once(client, 'ready'); // before, each instance goes by its part
    const policy = { services: { [service]: { quota: { requests } } } };
    const mesh = await createMesh({ service, registry: registry.client(), policy, redis: client });
    meshes.push(mesh);
    const server = createServer(mesh.handler(() => new Response('fine')));
    servers.push(server);
    await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  }
  return {
    meshes,
    ask: (instance) => fetch(`http://127.0.0.1:${(servers[instance]!.address() as AddressInfo).port}/`),
    async [Symbol.asyncDispose]() {
      await Promise.all(meshes.map((mesh) => mesh.close({ drainMs: 0 })));
      for (const client of clients) client.disconnect();
    },
  };
}

async function flood(fleet: Fleet, each: number): Promise<Record<number, number>> {
  const asking = fleet.meshes.flatMap((_, instance) => Array.from({ length: each }, () => fleet.ask(instance)));
  const statuses: Record<number, number> = {};
  for (const { status } of await Promise.all(asking)) statuses[status] = (statuses[status] ?? 0) + 1;
  return statuses;
}

for (const instances of [1, 2, 4]) {
  test(`${instances} instances let no more in together than the limit and the burst`, async () => {
    await using fleet = await aFleet(`together-${instances}`, instances);
    const statuses = await flood(fleet, 120 / instances);
    // One more each 600 ms; that they take a minute is what the runner's own limit would end.
    assert.ok(statuses[200]! >= BURST && statuses[200]! <= LIMIT + BURST, JSON.stringify(statuses));
    assert.equal(statuses[200]! + statuses[429]!, 120);
    let refused = await fleet.ask(0);
    while (refused.status === 200) refused = await fleet.ask(0); // one that had just come due
    assert.equal(refused.status, 429);
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-3]$/); // more than 1 where a busy Redis was not waited for
    assert.equal(refused.headers.get('ratelimit-policy'), '"all";q=100;w=60');
    assert.match(refused.headers.get('ratelimit') ?? '', /^"all";r=0;t=[1-3]$/);
  });
}

test('while Redis is gone, or does not answer, each instance goes by its part and no caller sees an error', async () => {
  await using fleet = await aFleet('away', 2, 'h'); // so that none comes due meanwhile
  const told: boolean[] = []; // whether it is away, whenever that changes
  fleet.meshes[0]!.on((event) => {
    if (event.type === 'quota-store') told.push(event.away);
  });
  /** Asks until Redis answers: on a busy machine it may seem to be away at any time, for a moment. */
  const answered = async (): Promise<void> => {
    do await (await fleet.ask(0)).text();
    while (told.at(-1));
  };
  assert.equal((await fleet.ask(0)).status, 200);
  for (const [leave, come] of [
    [() => redis.kill(), () => redis.start()],
    [async () => redis.freeze(), async () => redis.thaw()],
  ] as const) {
    await answered();
    const before = told.length;
    await leave();
    const statuses = await flood(fleet, 30);
    const { 200: served = 0, 429: refused = 0 } = statuses;
    assert.equal(served + refused, 60, JSON.stringify(statuses));
    assert.ok(served <= BURST, JSON.stringify(statuses));
    assert.deepEqual(told.slice(before), [true]);
    await come();
    const back = heard(fleet.meshes[0]!, (event) => event.type === 'quota-store' && !event.away);
    const asking = setInterval(() => void fleet.ask(0).then((answer) => answer.text()), 50);
    await back.finally(() => clearInterval(asking));
    assert.deepEqual(told.slice(before, before + 2), [true, false]);
  }
});
