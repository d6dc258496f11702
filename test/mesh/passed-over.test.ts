import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { sayPassedOver } from '../../src/core/passed-over.ts';
import { answer, refused, script } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';

/** An error of the mesh with what went before it: the deadline comes while the last attempt hangs. */
async function lateCall(world: Awaited<ReturnType<typeof aMesh>>, failures: number): Promise<MeshError> {
  let left = failures;
  const send = () => (left-- > 0 ? Promise.reject(refused()) : new Promise<never>(() => {}));
  const outcome = world.mesh.call('orders', send, { method: 'GET' }).then(
    () => assert.fail('it never comes to anything'),
    (error: unknown) => error,
  );
  await world.env.clock.advance(20_000);
  const error = await outcome;
  assert.ok(MeshError.is(error));
  return error;
}

test('an attempt tells who was passed over and why, what was waited and what the budget had left', async () => {
  const fixed = {
    orders: ['http://a:1', 'http://b:1', { url: 'http://c:1', weight: 0 }],
  };
  const world = await aMesh({ registry: { fixed }, policy: { defaults: { outlier: { failures: 0 } } } });
  const { attempts } = await lateCall(world, 1);
  const [first, second] = attempts;
  assert.equal(attempts.length, 2);
  assert.deepEqual(first!.passedOver, [{ why: 'weight', count: 1, endpoints: ['c:1'] }]);
  assert.deepEqual(first!.next, { is: 'retry', waitMs: second!.waitedMs, budget: 10 });
  assert.deepEqual([first!.beganMs, first!.waitedMs], [0, 0]);
  assert.ok(second!.waitedMs > 0);
  assert.equal(second!.beganMs, first!.beganMs + first!.ms + second!.waitedMs);
  assert.deepEqual(second!.passedOver.map(({ why, endpoints }) => [why, endpoints]).sort(), [
    ['tried', [first!.endpoint]],
    ['weight', ['c:1']],
  ]);
  assert.equal(second!.next, undefined, 'when the time is up nobody asks whether it is tried again');
  await world.mesh.close();
});

test('those that are ejected, full, of another subset or in another zone are told apart', async () => {
  const labelled = (url: string, zone: string, version = '2') => ({ url, zone, metadata: { version } });
  const fixed = {
    orders: [
      labelled('http://a:1', 'west'),
      labelled('http://b:1', 'west'),
      labelled('http://c:1', 'west'),
      labelled('http://far:1', 'east'),
      labelled('http://old:1', 'west', '1'),
    ],
  };
  const policy = {
    defaults: {
      outlier: { failures: 1, ejection: '30s' },
      subset: { labels: { version: '2' } },
      zone: { mode: 'local', overprovisioning: 10 },
      limit: { endpoint: 1 },
      retry: { attempts: 1 },
    },
  } as const;
  const world = await aMesh({ registry: { fixed }, zone: 'west', policy });
  const { mesh, env } = world;
  await assert.rejects(mesh.call('orders', () => Promise.reject(refused()))); // one is ejected
  const stop = new AbortController();
  const busy = mesh
    .call('orders', () => new Promise(() => {}), { signal: stop.signal, timeout: '60s' })
    .catch(() => {}); // one is full
  const { attempts } = await lateCall(world, 0);
  const groups = Object.fromEntries(attempts[0]!.passedOver.map(({ why, count }) => [why, count]));
  assert.deepEqual(groups, { ejected: 1, full: 1, zone: 1, subset: 1 });
  stop.abort();
  await busy;
  await mesh.close();
  assert.equal(env.clock.pending, 0);
});

test('of a large service few are looked at, fewer are named, and those that were tried come first', async () => {
  const orders = Array.from({ length: 2_000 }, (_, at) => ({ url: `http://h${at}:1`, weight: at < 3 ? 1 : 0 }));
  const world = await aMesh({ registry: { fixed: { orders } }, policy: { defaults: { outlier: { failures: 0 } } } });
  const { attempts } = await lateCall(world, 2);
  const last = attempts.at(-1)!.passedOver;
  assert.equal(last.find(({ why }) => why === 'tried')!.count, 2);
  assert.ok(last.reduce((sum, { count }) => sum + count, 0) <= 64);
  assert.equal(last.flatMap(({ endpoints }) => endpoints).length, 5);
  assert.match(
    sayPassedOver(last),
    /^2 already tried \(h\d:1, h\d:1\), 6\d with weight 0, which takes no new calls \(h/,
  );
  await world.mesh.close();
});

test('where all are well, those tried are told, and of thousands nobody else is looked at', async () => {
  const orders = Array.from({ length: 2_000 }, (_, at) => ({ url: `http://h${at}:1` }));
  const world = await aMesh({ registry: { fixed: { orders } }, policy: { defaults: { outlier: { failures: 0 } } } });
  const { attempts } = await lateCall(world, 2);
  assert.deepEqual(
    attempts.map(({ passedOver }) => passedOver.map(({ why, count }) => [why, count])),
    [[], [['tried', 1]], [['tried', 2]]],
  );
  await world.mesh.close();
});

test('why it was not tried again is told: the policy, what can do harm, a stream that is gone, the attempts, the budget', async () => {
  const cases = [
    [{ retry: { attempts: 1 } }, true, 'attempts'],
    [{ retry: { attempts: 2 } }, true, 'attempts'],
    [{ retry: { on: ['connect-failure'] } }, true, 'policy'],
    [{}, false, 'unsafe'],
    [{}, true, 'unrepeatable', false],
    [{}, false, 'unrepeatable', false],
    [{ retry: { budget: 0, perSecond: 0 } }, true, 'budget'],
  ] as const;
  for (const [defaults, idempotent, is, replayable = true] of cases) {
    const { mesh, env } = await aMesh({ policy: { defaults } });
    const { send } = script(env.clock, ...Array.from({ length: 5 }, () => ({ value: answer(503) })));
    let seen: string | undefined;
    const fallback = (error: unknown) => {
      seen = (error as MeshError).attempts.at(-1)?.next?.is;
      return 'instead';
    };
    const outcome = mesh.call('orders', send, { idempotent, replayable, fallback });
    await env.clock.advance(1_000);
    assert.equal(await outcome, 'instead');
    assert.equal(seen, is);
    await mesh.close();
  }
});

test('an answer such as 404 looks at nobody', async () => {
  const { mesh, env } = await aMesh();
  let asked = 0;
  const { send } = script(env.clock, { value: answer(404) });
  await mesh.call('orders', (attempt) => {
    asked++;
    return send(attempt);
  });
  assert.equal(asked, 1);
  await mesh.close();
});
