import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisClient } from '../../src/redis/client.ts';
import { RedisStore } from '../../src/redis/store.ts';

/** A client that answers as it is told to, and notes what it was asked. */
function aClient(more: Partial<RedisClient>, reply: () => unknown = () => [1, 100]) {
  const asked: unknown[][] = [];
  const client = {
    ...more,
    eval: async (_: string, ...args: unknown[]) => {
      asked.push(args);
      return reply();
    },
  };
  return { client, asked };
}

test('ioredis is asked in its way', async () => {
  const { client, asked } = aClient({ status: 'ready' });
  assert.deepEqual(await (await RedisStore.open(client, 'q')).take('a', 0.1, 10), {
    waitMs: 0,
    left: 9,
    receipt: '100',
  });
  assert.deepEqual(asked, [[1, 'q:a', '10', '10']]);
});

test('node-redis is asked in its way', async () => {
  const { client, asked } = aClient({ isReady: true }, () => [11, 42]);
  assert.deepEqual(await (await RedisStore.open(client, 'q')).take('a', 0.1, 10), { waitMs: 42, left: 0 });
  assert.deepEqual(asked, [[{ keys: ['q:a'], arguments: ['10', '10'] }]]);
});

test('a client that is not connected is not asked: it might keep the question until it is', async () => {
  for (const more of [{ status: 'reconnecting' }, { isReady: false }]) {
    const { client, asked } = aClient(more);
    await assert.rejects((await RedisStore.open(client, 'q')).take('a', 0.1, 10), /not ready/);
    assert.deepEqual(asked, []);
  }
});

test('what was taken is given back in the way of each client, and not where it is not connected', async () => {
  for (const [more, question] of [
    [{ status: 'ready' }, [[1, 'q:a', '1234.500']]],
    [{ isReady: true }, [[{ keys: ['q:a'], arguments: ['1234.500'] }]]],
    [{ status: 'reconnecting' }, []],
    [{ isReady: false }, []],
  ] as const) {
    const { client, asked } = aClient(more);
    await (await RedisStore.open(client, 'q')).giveBack('a', '1234.500');
    assert.deepEqual(asked, question);
  }
});

test('what the server throws is thrown', async () => {
  const { client } = aClient({ status: 'ready' }, () => {
    throw new Error('OOM');
  });
  await assert.rejects((await RedisStore.open(client, 'q')).take('a', 0.1, 10), /OOM/);
});
