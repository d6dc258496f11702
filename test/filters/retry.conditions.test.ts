import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySections } from '../../src/policy/table.ts';
import { answer, refused, reset } from '../../src/testing.ts';
import { aWorld, fail, give, hang, inTurn } from './world.ts';

type On = NonNullable<NonNullable<PolicySections['retry']>['on']>;

const GET = { method: 'GET' };
const tries = async (on: On, send: () => unknown, options: object = GET): Promise<number> => {
  const world = aWorld({ policy: { retry: { on, attempts: 2 } } });
  await world.outcome(send, options);
  return world.seen.length;
};

const nack = give(answer(503, { 'finagle-http-nack': 'true' }));
const grpc = (code: number) => give(answer(200, { 'grpc-status': String(code) }));

/** What happened, and the conditions under which it is tried again. */
const TABLE: readonly (readonly [what: string, send: () => unknown, conditions: readonly string[]])[] = [
  ['a connection refused', fail(refused()), ['connect-failure', '5xx']],
  ['a nack', nack, ['refused-stream', '5xx']],
  ['a connection that ends', fail(reset()), ['reset', '5xx']],
  ['500', give(answer(500)), ['5xx']],
  ['502', give(answer(502)), ['5xx', 'gateway-error']],
  ['503', give(answer(503)), ['5xx', 'gateway-error']],
  ['504', give(answer(504)), ['5xx', 'gateway-error']],
  ['409', give(answer(409)), ['retriable-4xx']],
  ['404', give(answer(404)), []],
  ['200', give(answer(200)), []],
  ['grpc-status 0', grpc(0), []],
  ['grpc-status 1', grpc(1), ['cancelled']],
  ['grpc-status 4', grpc(4), ['deadline-exceeded']],
  ['grpc-status 8', grpc(8), ['resource-exhausted']],
  ['grpc-status 13', grpc(13), ['internal']],
  ['grpc-status 14', grpc(14), ['unavailable']],
  ['grpc-status 3', grpc(3), []],
  ['grpc-status nonsense', give(answer(200, { 'grpc-status': 'x' })), []],
];

const NAMES = [
  ...['connect-failure', 'refused-stream', 'reset', '5xx', 'gateway-error', 'retriable-4xx', 'retriable-status-codes'],
  ...['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'],
];

for (const [what, send, conditions] of TABLE) {
  test(`${what} is tried again under ${conditions.join(' and ') || 'no condition'}, and no other`, async () => {
    for (const name of NAMES) {
      assert.equal(await tries([name], send), conditions.includes(name) ? 2 : 1, name);
    }
    assert.equal(await tries([], send), 1, 'nothing is tried again where nothing is listed');
  });
}

test('whatever the conditions, only what is safe to send again is', async () => {
  const on = [...NAMES, 409, 429];
  for (const [what, send] of TABLE) {
    const isSafe = what === 'a connection refused' || what === 'a nack';
    assert.equal(await tries(on, send, { method: 'POST' }), isSafe ? 2 : 1, what);
  }
});

/** An error as grpc-js throws it. */
const grpcError = (code: number, pushback?: string) =>
  Object.assign(new Error(`${code}`), {
    code,
    details: '',
    metadata: {
      get: (name: string) => (name === 'grpc-retry-pushback-ms' && pushback !== undefined ? [pushback] : []),
    },
  });

test('an error of grpc-js is known by its code', async () => {
  assert.equal(await tries(['unavailable'], fail(grpcError(14))), 2);
  assert.equal(await tries(['unavailable'], fail(grpcError(13))), 1);
  assert.equal(await tries(['unavailable', 'reset'], fail(grpcError(3))), 1, 'an answer is no reset');
});

test('a server of gRPC says when to try again, or that one should not', async () => {
  for (const [pushback, at] of [
    ['2000', 2_000],
    ['0', 0],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
  ] as const) {
    for (const first of [
      fail(grpcError(14, pushback)),
      give(answer(200, { 'grpc-status': '14', 'grpc-retry-pushback-ms': pushback })),
    ]) {
      const world = aWorld({ policy: { retry: { on: ['unavailable'] } } });
      await world.outcome(inTurn(first, give(answer(200))), GET);
      assert.deepEqual(
        world.seen.map((seen) => seen.at),
        at === undefined ? [0] : [0, at],
        pushback,
      );
    }
  }
});

test('waits in milliseconds and until the reset of a rate limit are honoured like Retry-After', async () => {
  const world = aWorld();
  const reset = String(world.env.clock.epoch() / 1_000 + 5);
  const send = inTurn(
    give(answer(429, { 'retry-after-ms': '1500', 'retry-after': '2' })),
    give(answer(503, { 'x-ratelimit-reset': reset })),
    give('ok'),
  );
  const { at } = await world.outcome(send, GET);
  assert.equal(at, 5_000);
  const other = aWorld();
  assert.equal(
    (await other.outcome(inTurn(give(answer(429, { 'x-ratelimit-reset': '3' })), give('ok')), GET)).at,
    3_000,
  );
});

for (const header of ['finagle-http-nonretryable-nack', 'x-envoy-overloaded', 'x-envoy-ratelimited']) {
  test(`an answer with ${header} is not tried again, whatever its status`, async () => {
    for (const status of [500, 503, 429]) {
      const marked = give(answer(status, { [header]: 'true', 'retry-after': '1' }));
      assert.equal(await tries(['5xx', 429], marked), 1);
    }
    assert.equal(await tries([404], give(answer(404, { [header]: 'true' }))), 2, 'only a failure can be final');
  });
}

test('the last attempt is bounded like the others, unless told otherwise: then it has all the time that is left', async () => {
  for (const [last, attempts, ends] of [
    [true, 2, [100, 200]],
    [false, 2, [100]],
  ] as const) {
    const policy: PolicySections = {
      attempt: { timeout: '100ms', last },
      retry: { attempts, backoff: '0ms' },
      deadline: { timeout: '3s' },
    };
    const world = aWorld({ policy });
    const { error, at } = await world.outcome(hang, GET);
    assert.deepEqual(
      world.env.told.flatMap((event) =>
        event.type === 'attempt' && event.why === 'attempt timeout' ? [event.ms] : [],
      ),
      ends.map(() => 100),
    );
    assert.equal(error?.reason, last ? 'attempt' : 'deadline');
    assert.equal(at, last ? 200 : 3_000);
  }
});

test('what can not be tried again is its own last attempt', async () => {
  const world = aWorld({ policy: { attempt: { timeout: '100ms', last: false }, deadline: { timeout: '3s' } } });
  const slow = () => new Promise((resolve) => world.env.clock.schedule(2_000, () => resolve('late')));
  const { value, at } = await world.outcome(slow, { method: 'POST' });
  assert.deepEqual([value, at], ['late', 2_000]);
});
