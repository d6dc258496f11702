import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, MeshError, type Reason, reasons } from '../../src/core/errors.ts';

const down = new MeshError('no-endpoints', 'orders: no endpoints', { sent: 'no', service: 'orders' });

test('the message says what, and in which words to look it up', () => {
  assert.equal(down.message, 'orders: no endpoints (UNAVAILABLE: no-endpoints)');
  assert.equal(String(down), 'MeshError: orders: no endpoints (UNAVAILABLE: no-endpoints)');
  assert.ok(down instanceof Error);
});

test('code, reason, status and facts are there to be read by machines', () => {
  const { name, code, reason, status, sent, service, endpoint, attempts, retryAfterMs } = down;
  assert.deepEqual(
    { name, code, reason, status, sent, service, endpoint, attempts, retryAfterMs },
    {
      name: 'MeshError',
      code: 'UNAVAILABLE',
      reason: 'no-endpoints',
      status: 503,
      sent: 'no',
      service: 'orders',
      endpoint: undefined,
      attempts: [],
      retryAfterMs: undefined,
    },
  );
});

for (const reason of Object.keys(reasons) as Reason[]) {
  test(`${reason} has a code that is known, an HTTP status, and a sentence about it`, () => {
    const error = new MeshError(reason, 'x');
    assert.equal(error.code, reasons[reason].code);
    assert.equal(error.status, codes[error.code].http);
    assert.match(reasons[reason].about, /^[A-Z].*\.$/);
    assert.equal(error.sent, 'no', 'unless told otherwise, nothing was sent');
  });
}

test('codes are those of gRPC, with the HTTP statuses that say the same', () => {
  const http = Object.fromEntries(Object.entries(codes).map(([code, { http }]) => [code, http]));
  assert.deepEqual(http, {
    INVALID_ARGUMENT: 400,
    UNAUTHENTICATED: 401,
    PERMISSION_DENIED: 403,
    RESOURCE_EXHAUSTED: 429,
    CANCELLED: 499,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    DEADLINE_EXCEEDED: 504,
  });
});

test('as JSON it has the facts, and never the cause, whose contents are not ours to show', () => {
  const cause = Object.assign(new Error('token s3cret refused'), { headers: { authorization: 's3cret' } });
  const error = new MeshError('connect', 'orders: no connection', { cause, retryAfterMs: 5 });
  assert.equal(error.cause, cause);
  const json = JSON.stringify(error);
  assert.ok(!json.includes('s3cret'), json);
  assert.deepEqual(JSON.parse(json), {
    name: 'MeshError',
    message: 'orders: no connection (UNAVAILABLE: connect)',
    code: 'UNAVAILABLE',
    reason: 'connect',
    status: 503,
    sent: 'no',
    attempts: [],
    retryAfterMs: 5,
  });
});

test('without a cause there is none', () => {
  assert.equal('cause' in down, false);
});

test('two copies of the package know each other’s errors', async () => {
  const path = '../../src/core/errors.ts?copy';
  const other = (await import(path)) as { MeshError: typeof MeshError };
  assert.notEqual(other.MeshError, MeshError);
  const theirs = new other.MeshError('deadline', 'x');
  assert.equal(theirs instanceof MeshError, false);
  assert.equal(MeshError.is(theirs), true);
  assert.equal(other.MeshError.is(down), true);
});

test('nothing else is one of ours', () => {
  for (const thing of [undefined, null, 5, 'x', {}, [], new Error('x'), { name: 'MeshError', code: 'UNAVAILABLE' }]) {
    assert.equal(MeshError.is(thing), false);
  }
});

test('a refusal walks no stack, and leaves the process’s limit as it was; a bug shows where it is', () => {
  const limit = Error.stackTraceLimit;
  assert.ok(!down.stack?.includes('\n    at '), down.stack);
  assert.ok(new MeshError('bug', 'x').stack?.includes('errors.test.ts'));
  assert.equal(Error.stackTraceLimit, limit);
});
