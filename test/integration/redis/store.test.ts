import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { RedisStore } from '../../../src/redis/store.ts';
import { guarded } from '../../server/quota-world.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';

let server: RedisServer;
const clients: Redis[] = [];

before(async () => {
  server = await startRedis();
});

after(async () => {
  for (const client of clients) client.disconnect();
  await server[Symbol.asyncDispose]();
});

async function aClient(): Promise<Redis> {
  const client = new Redis(server.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 20 });
  client.on('error', () => {}); // it goes away in some of these tests
  clients.push(client);
  await client.connect();
  return client;
}

/** Has a key stand there as it will when so much time has gone; less than none is a clock that went back. */
async function passes(client: Redis, key: string, ms: number): Promise<void> {
  const [empty = '', spacing = ''] = (await client.get(`q:${key}`))!.split(' ');
  await client.set(`q:${key}`, `${Number(empty) - ms} ${spacing}`);
}

let count = 0;
const newKey = (): string => `key-${count++}`;

/** Who takes, and between which moments it must have happened: a window is sure only if it is inside of both. */
interface Let {
  readonly asked: number;
  readonly told: number;
}

/** Asks many stores at once, over and over, for so long. */
async function drive(stores: readonly RedisStore[], key: string, perMs: number, burst: number, ms: number) {
  const [let_, until]: [Let[], number] = [[], performance.now() + ms];
  const one = async (store: RedisStore): Promise<void> => {
    while (performance.now() < until) {
      const asked = performance.now();
      const { waitMs } = await store.take(key, perMs, burst);
      if (waitMs === 0) let_.push({ asked, told: performance.now() });
    }
  };
  await Promise.all(stores.flatMap((store) => [one(store), one(store)]));
  return let_;
}

for (const instances of [1, 2, 4]) {
  test(`${instances} instances together get no more than the limit and the burst in any window, and no less than the limit`, async () => {
    const stores = await Promise.all(
      Array.from({ length: instances }, async () => RedisStore.open(await aClient(), 'q')),
    );
    const [limit, burst, windowMs] = [50, 10, 500];
    const begun = performance.now();
    const gone = await drive(stores, newKey(), limit / windowMs, burst, 1_600);
    const took = performance.now() - begun;
    for (const { asked: from } of gone) {
      const within = gone.filter(({ asked, told }) => asked >= from && told <= from + windowMs).length;
      assert.ok(within <= limit + burst, `${within} in a window of ${windowMs} ms`);
    }
    assert.ok(gone.length <= (limit / windowMs) * took + burst + 1, `${gone.length} in ${took} ms`);
    assert.ok(gone.length >= burst, `${gone.length} in ${took} ms`);
  });
}

/** A store, and a key under which nothing is counted yet. */
async function aCount() {
  const client = await aClient();
  return { client, store: await RedisStore.open(client, 'q'), key: newKey() };
}

test('a burst fits at once, and the next is told how long it has to wait', async () => {
  const store = await RedisStore.open(await aClient(), 'q');
  const key = newKey();
  const taken = await Promise.all(Array.from({ length: 5 }, () => store.take(key, 1 / 60_000, 3)));
  assert.deepEqual(
    taken.map(({ waitMs, left }) => [waitMs === 0, left]),
    [
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ],
  );
  assert.ok(taken[4]!.waitMs > 0 && taken[4]!.waitMs <= 60_000, `${taken[4]!.waitMs}`);
});

test('keys count apart, services count apart, and what is used up leaves by itself', async () => {
  const client = await aClient();
  const [orders, stock] = [await RedisStore.open(client, 'orders'), await RedisStore.open(client, 'stock')];
  assert.equal((await orders.take('a', 1 / 60_000, 1)).waitMs, 0);
  assert.equal((await orders.take('b', 1 / 60_000, 1)).waitMs, 0);
  assert.equal((await stock.take('a', 1 / 60_000, 1)).waitMs, 0);
  assert.notEqual((await orders.take('a', 1 / 60_000, 1)).waitMs, 0);
  const left = await client.pttl('orders:a');
  assert.ok(left > 0 && left <= 60_000, `${left}`);
});

test('rates and bursts that change go on from what was used', async () => {
  const store = await RedisStore.open(await aClient(), 'q');
  const key = newKey();
  for (let call = 0; call < 3; call++) assert.equal((await store.take(key, 1 / 60_000, 3)).waitMs, 0);
  assert.equal((await store.take(key, 1 / 60_000, 5)).waitMs, 0);
  assert.equal((await store.take(key, 1 / 60_000, 5)).waitMs, 0);
  assert.notEqual((await store.take(key, 1 / 60_000, 5)).waitMs, 0);
});

test('a rate that changes finds as many calls as there were, and nobody waits as long as by the one before', async () => {
  const store = await RedisStore.open(await aClient(), 'q');
  const [raised, lowered] = [newKey(), newKey()];
  for (let call = 0; call < 3; call++) assert.equal((await store.take(raised, 1 / 3_600_000, 3)).waitMs, 0);
  const { waitMs } = await store.take(raised, 1 / 50, 3);
  assert.ok(waitMs <= 50, `${waitMs}`);
  for (let call = 0; call < 5; call++) assert.equal((await store.take(lowered, 1 / 60_000, 5)).waitMs, 0);
  const { waitMs: until } = await store.take(lowered, 1 / 600_000, 5);
  assert.ok(until > 300_000 && until <= 600_000, `${until}`);
});

test('who is over when the rate is raised is let in after the wait that they were told', async () => {
  const { client, store, key } = await aCount();
  for (let call = 0; call < 3; call++) assert.equal((await store.take(key, 1 / 3_600_000, 3)).waitMs, 0);
  const { waitMs } = await store.take(key, 1 / 60_000, 3);
  assert.ok(waitMs > 0 && waitMs <= 60_000, `${waitMs}`);
  await passes(client, key, waitMs);
  assert.equal((await store.take(key, 1 / 60_000, 3)).waitMs, 0);
});

test('a clock of the server that went back shuts nobody out', async () => {
  const { client, store, key } = await aCount();
  const perMs = 1 / 60_000; // it leaves by itself when it is as good as new
  await store.take(key, perMs, 3);
  await passes(client, key, -3_600_000);
  const { waitMs } = await store.take(key, perMs, 3);
  assert.ok(waitMs > 0 && waitMs <= 60_000, `${waitMs}`);
  await passes(client, key, waitMs);
  assert.equal((await store.take(key, perMs, 3)).waitMs, 0);
});

test('what is given back may be taken again, and what was never taken stays', async () => {
  const { client, store, key } = await aCount();
  const perMs = 1 / 3_600_000;
  const [first, second] = [await store.take(key, perMs, 3), await store.take(key, perMs, 3)];
  await store.giveBack(key, first.receipt!);
  const third = await store.take(key, perMs, 3);
  assert.deepEqual([first.left, second.left, third.left], [2, 1, 1]);
  await store.giveBack(key, second.receipt!);
  await store.giveBack(key, third.receipt!);
  assert.equal(await client.exists(`q:${key}`), 0, 'it is as good as new');
  await store.giveBack(key, third.receipt!);
  assert.deepEqual((await store.take(key, perMs, 3)).left, 2);
  const left = await client.pttl(`q:${key}`);
  assert.ok(left > 0 && left <= 3_600_000, `${left}`);
});

test('what has drained already is not given back, or others would get what they never had', async () => {
  const { client, store, key } = await aCount();
  const perMs = 1 / 60_000;
  const { receipt } = await store.take(key, perMs, 3);
  await passes(client, key, 60_000);
  await store.take(key, perMs, 3);
  await store.take(key, perMs, 3);
  const [time, micros] = await client.time();
  const ended = Number(time) * 1_000 + Number(micros) / 1_000;
  assert.ok(Number(receipt) > ended, 'by the clock of the server a minute has not gone');
  await store.giveBack(key, `${ended}`); // as it would be had it
  assert.equal((await store.take(key, perMs, 3)).left, 0);
  assert.notEqual((await store.take(key, perMs, 3)).waitMs, 0);
});

test('of what has half drained half is given back', async () => {
  const { client, store, key } = await aCount();
  const perMs = 1 / 3_600_000;
  const { receipt } = await store.take(key, perMs, 3);
  const half = Number(receipt) - 1_800_000;
  await store.take(key, perMs, 3);
  await store.giveBack(key, `${half}`);
  const hours = (await client.pttl(`q:${key}`)) / 3_600_000;
  assert.ok(hours > 1.49 && hours <= 1.51, `${hours}`);
});

test('who is refused by the quota of all has lost nothing of their own', async () => {
  const store = await RedisStore.open(await aClient(), newKey());
  const { times } = guarded(
    [
      { name: 'all', rate: '1/h', burst: 2, per: 'all', share: 'redis' },
      { name: 'each', rate: '1/h', burst: 10, share: 'redis' },
    ],
    { store },
  );
  assert.equal(await times(8, { principal: 'a' }), 2);
  assert.equal((await store.take('each\nus\na', 1 / 3_600_000, 10)).left, 7); // of one connection, asked after what was given back
});

test('the client stays as its owner made it', async () => {
  const client = await aClient();
  const names = Object.keys(client);
  await (await RedisStore.open(client, 'q')).take(newKey(), 1, 1);
  assert.deepEqual(Object.keys(client), names);
  assert.equal('rlflxIncr' in client, false);
});

test('a server that is away is an error, at once', async () => {
  const store = await RedisStore.open(await aClient(), 'q');
  await store.take(newKey(), 1, 1);
  await server.kill();
  await assert.rejects(store.take(newKey(), 1, 1));
  await server.start();
});
