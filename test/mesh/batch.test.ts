import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { type BatchCall, batch } from '../../src/mesh/batch.ts';
import { answer, FakeRegistry } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

/** A batch over `orders` whose work notes the keys it was asked for, and says each twice. */
async function aBatch(options: { window?: string; max?: number } = {}) {
  const world = await aMesh();
  const { clock } = world.env;
  const asked: (readonly string[])[] = [];
  const get = batch<string, string>(world.mesh, 'orders', { ...options, clock }, async (keys, { call }) => {
    asked.push(keys);
    await call(() => answer(200), { method: 'GET' });
    return new Map(
      keys.filter((key) => key !== 'none').map((key) => [key, key === 'bad' ? new Error(key) : key + key]),
    );
  });
  const end = async () => {
    const closing = world.mesh.close();
    await clock.advance(10_000);
    await closing;
    assert.equal(clock.pending, 0);
  };
  return { ...world, clock, asked, get, end };
}

const hangs = (_: readonly string[], { call }: BatchCall) => call<never>(() => new Promise(() => {}));

test('keys that are asked for within the window go in one call, each but once, and each gets its own value', async () => {
  const { clock, asked, get, told, end } = await aBatch();
  const values = Promise.all([get('a'), get('b'), get('a')]);
  await clock.advance(9);
  const last = get('c');
  assert.deepEqual(asked, []);
  await clock.advance(1);
  assert.deepEqual([await values, await last], [['aa', 'bb', 'aa'], 'cc']);
  assert.deepEqual(asked, [['a', 'b', 'c']]);
  assert.equal(told('call').length, 1);
  const next = get('a');
  await clock.advance(10);
  assert.equal(await next, 'aa');
  assert.equal(asked.length, 2, 'it is no cache');
  await end();
});

test('when there are as many keys as may go at once, nobody waits', async () => {
  const { asked, get, end } = await aBatch({ max: 2 });
  assert.deepEqual(await Promise.all([get('a'), get('b'), get('c'), get('d')]), ['aa', 'bb', 'cc', 'dd']);
  assert.deepEqual(asked, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await end();
});

test('the work is done where the first key was asked for, whatever has it begin', async () => {
  const { mesh, clock, end } = await aBatch();
  const asking = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const get = batch(mesh, 'orders', { max: 3, clock }, (keys: readonly string[]) => {
    seen.push(asking.getStore());
    return new Map(keys.map((key) => [key, key]));
  });
  const by = (who: string, timeout?: string) => asking.run(who, () => get(who, { timeout }));
  const full = [by('first'), by('second'), by('third')];
  await clock.advance(1);
  const late = [by('first'), by('second')];
  await clock.advance(10);
  const hurried = [by('first'), by('second', '4ms')];
  await clock.advance(2);
  const left = [by('first'), by('second')];
  const closed = asking.run('who closes', end);
  await Promise.all([...full, ...late, ...hurried, ...left, closed]);
  assert.deepEqual(seen, ['first', 'first', 'first', 'first']);
});

test('an error of one key is that key’s alone; a key of which nothing is said comes to nothing', async () => {
  const { clock, get, end } = await aBatch();
  const settled = Promise.allSettled([get('a'), get('bad'), get('none')]);
  await clock.advance(10);
  const [good, bad, none] = await settled;
  assert.deepEqual(
    [good, none],
    [
      { status: 'fulfilled', value: 'aa' },
      { status: 'fulfilled', value: undefined },
    ],
  );
  assert.ok(bad!.status === 'rejected' && bad!.reason.message === 'bad');
  await end();
});

test('where the work fails, or gives what is no map, all keys fail', async () => {
  const { mesh, env, end } = await aBatch();
  const { clock } = env;
  const works = [
    () => Promise.reject(new Error('no')),
    () => {
      throw new Error('no');
    },
    () => ({}) as never,
  ];
  for (const work of works) {
    const get = batch<string, string>(mesh, 'orders', { clock }, work);
    const settled = Promise.allSettled([get('a'), get('b')]);
    await clock.advance(10);
    assert.ok((await settled).every(({ status }) => status === 'rejected'));
  }
  await end();
});

test('who gives up leaves alone; when all have, the call is called off, or is never made', async () => {
  const { mesh, env, asked, get, end } = await aBatch();
  const { clock } = env;
  const one = new AbortController();
  const gone = assert.rejects(get('a', { signal: one.signal }), { reason: 'caller' });
  const stays = get('a');
  one.abort();
  await gone;
  await clock.advance(10);
  assert.equal(await stays, 'aa');
  const other = new AbortController();
  const alone = assert.rejects(get('b', { signal: other.signal }), { reason: 'caller' });
  other.abort();
  await alone;
  assert.equal(clock.pending, 0, 'nothing waits for nobody');
  assert.equal(asked.length, 1);
  const last = new AbortController();
  let signal: AbortSignal | undefined;
  const slow = batch<string, never>(mesh, 'orders', { clock }, (keys, parts) => {
    signal = parts.options.signal;
    return hangs(keys, parts);
  });
  const off = assert.rejects(slow('c', { signal: last.signal }), { reason: 'caller' });
  await clock.advance(10);
  last.abort();
  await off;
  assert.equal(signal!.aborted, true);
  await assert.rejects(slow('c', { signal: last.signal }), { reason: 'caller' });
  await end();
});

test('a batch has as long as the most hurried of its keys, and does not wait for that to be over', async () => {
  const { mesh, env, end } = await aBatch();
  const { clock } = env;
  const seen: (string | undefined)[] = [];
  const get = batch<string, never>(mesh, 'orders', { clock, window: '100ms' }, (keys, parts) => {
    seen.push(parts.options.timeout);
    return hangs(keys, parts);
  });
  const settled = Promise.allSettled([get('a'), get('b', { timeout: '50ms' }), get('c', { timeout: '80ms' })]);
  await clock.advance(25);
  assert.deepEqual(seen, ['25ms']);
  await clock.advance(25);
  assert.ok((await settled).every((one) => one.status === 'rejected' && one.reason.reason === 'deadline'));
  await end();
});

test('a mesh that closes sends what waits, at once', async () => {
  const { mesh, env, asked, get } = await aBatch({ window: '10s' });
  const value = get('a');
  const closing = mesh.close();
  await env.clock.advance(10_000);
  await closing;
  assert.equal(await value, 'aa');
  assert.equal(asked.length, 1);
  assert.equal(env.clock.pending, 0);
});

test('while a mesh leaves, and still serves, keys go at once; once it is closed they fail as calls do', async () => {
  const registry = new FakeRegistry().set('orders', ['http://10.0.0.1:3000']);
  const world = await aMesh({ registry: registry.client() });
  const { clock } = world.env;
  const asked: number[] = [];
  const get = batch<string, string>(world.mesh, 'orders', { clock, window: '1s' }, async (keys, { call }) => {
    asked.push(clock.now());
    await call(() => answer(200));
    return new Map(keys.map((key) => [key, key + key]));
  });
  await world.mesh.announce({ port: 4_000, host: '10.0.0.9' });
  const closed = world.mesh.close({ drainMs: 500 });
  await clock.advance(100); // off the list, and others may still call us
  const values = Promise.all([get('a'), get('b')]);
  await clock.advance(0);
  assert.deepEqual(await values, ['aa', 'bb']);
  assert.deepEqual(asked, [100]);
  await clock.advance(10_000);
  await closed;
  const late = assert.rejects(get('c'), { reason: 'closed' });
  await clock.advance(0);
  await late;
  assert.equal(clock.pending, 0);
});

test('each batch that is over is told: how many went together, how long they waited, and what became of them', async () => {
  const { mesh, env, clock, get, told, end } = await aBatch();
  const values = Promise.allSettled([get('a'), get('a'), get('bad')]);
  await clock.advance(4);
  const last = get('b');
  await clock.advance(6);
  await Promise.all([values, last]);
  const { at, ...first } = told('batch')[0]!;
  assert.equal(at, env.clock.epoch());
  assert.deepEqual(first, {
    type: 'batch',
    service: 'orders',
    keys: 3,
    callers: 4,
    failed: 1,
    waitedMs: 10,
    ms: 0,
    outcome: 'success',
  });

  const slow = batch<string, never>(mesh, 'orders', { clock }, hangs);
  const late = assert.rejects(slow('c', { timeout: '100ms' }), { reason: 'deadline' });
  await clock.advance(100);
  await late;
  const gone = new AbortController();
  const left = assert.rejects(slow('d', { signal: gone.signal }), { reason: 'caller' });
  await clock.advance(30);
  gone.abort();
  await left;
  await clock.advance(0);
  assert.deepEqual(
    told('batch')
      .slice(1)
      .map(({ keys, failed, waitedMs, ms, outcome }) => ({ keys, failed, waitedMs, ms, outcome })),
    [
      { keys: 1, failed: 0, waitedMs: 10, ms: 90, outcome: 'failure' },
      { keys: 1, failed: 0, waitedMs: 10, ms: 20, outcome: 'none' },
    ],
  );
  await end();
});

test('a batch that all have given up before it went is none, and nothing is told of it', async () => {
  const { clock, get, told, end } = await aBatch();
  const gone = new AbortController();
  const left = assert.rejects(get('a', { signal: gone.signal }), { reason: 'caller' });
  gone.abort();
  await left;
  await clock.advance(20);
  assert.deepEqual(told('batch'), []);
  await end();
});

test('options that are not usable are told at once', async () => {
  const { mesh, end } = await aBatch();
  const work = () => new Map<string, string>();
  for (const options of [{ window: 'soon' }, { window: '11s' }, { max: 0 }, { max: 1.5 }]) {
    assert.throws(() => batch(mesh, 'orders', options, work), { reason: 'request' });
  }
  assert.throws(() => batch(mesh, 'orders', {}, undefined as never), { reason: 'request' });
  await end();
});

test('what can not be said of a key rejects, and neither throws nor has the key asked for', async () => {
  const { clock, asked, get, end } = await aBatch();
  const wrong = [
    [{ timeout: 'soon' }, /timeout must be a duration such as '10ms', got 'soon'/],
    [{ timeout: 50 }, /timeout must be a duration such as '10ms', got 50/],
    [{ timeout: Object.create(null) }, /timeout must be a duration such as '10ms', got an object/],
    [{ signal: {} }, /signal must be an AbortSignal/],
    [null, /what is said of a key must be an object, got null/],
  ] as const;
  const settled = Promise.allSettled(wrong.map(([options]) => get('a', options as never)));
  await clock.advance(20);
  for (const [at, { reason }] of ((await settled) as PromiseRejectedResult[]).entries()) {
    assert.equal(reason?.reason, 'request');
    assert.match(reason.message, wrong[at]![1]);
  }
  assert.deepEqual(asked, []);
  await end();
});
